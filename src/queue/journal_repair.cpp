#include "queue/journal_repair.hpp"

#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"
#include "queue/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::queue {
namespace {

// How often the server may have started in what was lost: each start is a batch of its own.
std::uint32_t starts_in(const std::vector<Loss>& losses) {
  std::uint64_t starts = 1;
  for (const Loss& loss : losses) starts += (loss.end - loss.begin) / kFrameHeaderSize + 1;
  return static_cast<std::uint32_t>(starts);
}

std::uint32_t epoch_of(const Record& record) {
  if (const auto* started = std::get_if<Started>(&record)) return started->epoch;
  if (const auto* granted = std::get_if<Granted>(&record)) return granted->token.epoch;
  if (const auto* kept = std::get_if<Kept>(&record)) return kept->token.epoch;
  return 0;
}

bool is_snapshot(const RecordPlace& place) {
  return is_snapshot_name(std::string_view(place.path).substr(place.path.rfind('/') + 1));
}

}  // namespace

JournalRepair::JournalRepair(FileSystem& files, std::string directory)
    : files_(&files), directory_(std::move(directory)), state_(std::make_unique<JournalState>()) {}

Result<JournalRepair> JournalRepair::examine(FileSystem& files, std::string directory) {
  JournalRepair repair(files, std::move(directory));
  auto salvaged = salvage(files, repair.directory_, [&repair](Record&& record, const RecordPlace& place) {
    return repair.take(std::move(record), place);
  });
  if (!salvaged) return salvaged.error();
  repair.salvaged_ = std::move(*salvaged);
  return repair;
}

Result<void> JournalRepair::take(Record&& record, const RecordPlace& place) {
  epoch_ = std::max(epoch_, epoch_of(record));
  if (const auto* submitted = std::get_if<Submitted>(&record)) note_order(submitted->order, place);
  if (const auto* numbered = std::get_if<Numbered>(&record)) next_order_ = numbered->next_order;
  drop_document(record);
  if (!state_->replay(std::move(record))) ++senseless_;
  return {};
}

// Submissions are numbered without gaps, but a snapshot has only those that are left.
void JournalRepair::note_order(std::uint64_t order, const RecordPlace& place) {
  if (is_snapshot(place)) return;
  if (next_order_ != 0 && order > next_order_) lost_jobs_.emplace_back(next_order_, order - 1);
  next_order_ = order + 1;
}

Result<std::string> JournalRepair::carry_out(std::uint64_t segment_size) {
  // No lease token may be issued twice, whatever was lost.
  if (auto taken = state_->replay(Started{epoch_ + starts_in(salvaged_.losses)}); !taken)
    return taken.error();
  const SegmentHeader next{salvaged_.store_id, salvaged_.last_segment + 1, salvaged_.last_sequence + 1, 0};
  auto writer = SnapshotWriter::create(*files_, directory_, next);
  if (!writer) return writer.error();
  auto size = write_snapshot(*writer, *state_, [this](const OnRecord& on_record) -> Result<void> {
    auto salvaged = salvage(*files_, directory_, on_record);
    if (!salvaged) return salvaged.error();
    return {};
  });
  if (!size) return size.error();
  const std::string made_as = directory_ + "/" + segment_name(next.number) + ".tmp";
  auto segment = make_zeroed(*files_, made_as, segment_size);
  if (!segment) return segment.error();
  if (auto done = install_segment(*files_, directory_, **segment, made_as, next); !done) return done.error();
  const std::string folder = damaged_path(directory_, next.number);
  if (auto moved = put_aside(folder, next.number); !moved) return moved.error();
  return folder;
}

// The manifest first: with it the new files are the journal, and the others nobody's. Cut off behind it, the
// next start does the rest.
Result<void> JournalRepair::put_aside(const std::string& folder, std::uint64_t number) {
  if (auto made = files_->make_directory(folder); !made) return made;
  if (auto manifest = files_->read(manifest_path(directory_))) {
    if (auto kept = write_whole_file(*files_, manifest_path(folder), *manifest); !kept) return kept;
  }
  if (auto named = write_manifest(*files_, directory_, {salvaged_.store_id, number}); !named) return named;
  return put_earlier_aside(*files_, directory_, number, folder);
}

}  // namespace sisyphus::queue
