#include "queue/journal.hpp"

#include "queue/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::queue {
namespace {

std::string spare_name(std::uint64_t number) {
  return segment_name(number) + ".next";
}

Result<std::unique_ptr<File>> make_zeroed(FileSystem& files, const std::string& path, std::uint64_t size) {
  auto file = files.create(path);
  if (!file) return file.error();
  // Written, not only reserved: overwriting written blocks syncs faster, and a full disk shows here, not
  // later.
  const std::string zeros(static_cast<std::size_t>(std::min<std::uint64_t>(size, 1U << 20)), '\0');
  for (std::uint64_t at = 0; at < size; at += zeros.size()) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), size - at));
    if (auto written = (*file)->write_at(at, std::string_view(zeros).substr(0, piece)); !written) {
      const Error error = written.error();
      if (auto removed = files.remove(path); !removed) return removed.error();
      return error;
    }
  }
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  return file;
}

}  // namespace

const char* to_string(Fsync fsync) {
  switch (fsync) {
    case Fsync::always:
      return "always";
    case Fsync::interval:
      return "interval";
    case Fsync::never:
      return "never";
  }
  return "never";
}

Result<std::unique_ptr<Journal>> Journal::open(FileSystem& files, Settings settings,
                                               const std::function<Result<void>(const Record&)>& on_record) {
  std::unique_ptr<Journal> journal(new Journal(files, std::move(settings)));
  const std::string& directory = journal->settings_.directory;
  if (auto made = files.make_directory(directory); !made) return made.error();
  auto lock = files.lock(directory + "/lock");
  if (!lock) return lock.error();
  journal->lock_ = std::move(*lock);
  if (auto read = journal->read_manifest(); !read) return read.error();
  // A start that was cut off may have left names that are seen and not on disk: nothing is to build on those.
  if (auto synced = files.sync_directory(directory); !synced) return synced.error();
  auto end = read_journal(files, directory, journal->first_segment_, on_record);
  if (!end) return end.error();
  if (!*end) {
    journal->header_ = {journal->store_id_, journal->first_segment_, 1, 0};
    if (auto rolled = journal->roll(0); !rolled) return rolled.error();
    return journal;
  }
  if ((*end)->segment.store_id != journal->store_id_) {
    return Error{Errc::io,
                 fmt::format("the segments in {} belong to another journal than its manifest", directory),
                 {}};
  }
  auto file = files.open(directory + "/" + segment_name((*end)->segment.number));
  if (!file) return file.error();
  journal->file_ = std::move(*file);
  journal->header_ = (*end)->segment;
  journal->offset_ = (*end)->offset;
  journal->size_ = (*end)->segment_size;
  journal->last_sequence_ = (*end)->last_sequence;
  journal->last_checksum_ = (*end)->last_checksum;
  if (!(*end)->torn.empty()) {
    if (auto cut = journal->cut_torn_tail(**end); !cut) return cut.error();
  }
  if (auto made = journal->make_durable(**end); !made) return made.error();
  return journal;
}

Result<void> Journal::read_manifest() {
  const std::string path = settings_.directory + "/manifest.json";
  auto names = files_.list(settings_.directory);
  if (!names) return names.error();
  if (!std::binary_search(names->begin(), names->end(), "manifest.json")) {
    if (std::any_of(names->begin(), names->end(), is_segment_name)) {
      return Error{
          Errc::io, fmt::format("{} has journal segments but no manifest.json", settings_.directory), {}};
    }
    store_id_ = make_uuid();
    return write_whole_file(files_, path, encode_manifest({store_id_, first_segment_}));
  }
  auto text = files_.read(path);
  if (!text) return text.error();
  const auto manifest = decode_manifest(*text);
  if (!manifest) return Error{Errc::io, path + " is damaged: " + manifest.error().detail, {}};
  store_id_ = manifest->store_id;
  first_segment_ = manifest->first_segment;
  return {};
}

Result<void> Journal::cut_torn_tail(const JournalEnd& end) {
  const std::string name = fmt::format("{}.torn-{}", segment_name(header_.number), offset_);
  if (auto kept = write_whole_file(files_, settings_.directory + "/" + name, end.torn); !kept)
    return kept.error();
  const std::string zeros(end.torn.size(), '\0');
  if (auto zeroed = file_->write_at(offset_, zeros); !zeroed) return zeroed.error();
  repaired_ = fmt::format(
      "{} bytes of a batch that was never acknowledged were cut from {} at byte {} and kept in {}",
      end.torn.size(), segment_name(header_.number), offset_, name);
  return {};
}

// What was read is not on disk for that reason alone: after a sync that failed, the system shows what it has
// not written and will not write again by itself. Written once more, the next sync counts for it.
Result<void> Journal::make_durable(const JournalEnd& end) {
  if (auto written = file_->write_at(offset_ - end.unconfirmed.size(), end.unconfirmed); !written)
    return written.error();
  return sync();
}

Result<void> Journal::write(std::string_view records) {
  const std::uint64_t needed = frame_size(records.size());
  if (offset_ + needed > size_) {
    if (auto rolled = roll(needed); !rolled) return rolled.error();
  }
  FrameHeader header{0, 0, last_checksum_, last_sequence_ + 1, synced_};
  const std::string frame = encode_frame(header, records);
  if (auto written = file_->write_at(offset_, frame); !written) return written.error();
  offset_ += frame.size();
  bytes_written_ += frame.size();
  last_sequence_ = header.sequence;
  last_checksum_ = header.checksum;
  return {};
}

Result<void> Journal::sync() {
  if (auto synced = file_->sync(); !synced) return synced.error();
  synced_ = last_sequence_;
  return {};
}

std::uint64_t Journal::room() const {
  const std::uint64_t next = next_ ? settings_.segment_size - kSegmentHeaderSize : 0;
  return size_ - std::min(size_, offset_) + next;
}

bool Journal::wants_next() const {
  return !next_ && offset_ > size_ / 2;
}

Result<std::unique_ptr<File>> Journal::prepare(FileSystem& files, const Settings& settings,
                                               std::uint64_t number) {
  return make_zeroed(files, settings.directory + "/" + spare_name(number), settings.segment_size);
}

Result<void> Journal::take_next(std::uint64_t number, std::unique_ptr<File> file) {
  if (number != next_number()) return files_.remove(settings_.directory + "/" + spare_name(number));
  next_ = std::move(file);
  return {};
}

Result<void> Journal::roll(std::uint64_t needed) {
  const bool first = file_ == nullptr;
  if (!first) {
    // Frames of the new segment say that the old one is on disk: make it true, whatever the sync mode.
    if (auto synced = sync(); !synced) return synced.error();
    header_ = {store_id_, header_.number + 1, last_sequence_ + 1, last_checksum_};
  }
  const std::string path = settings_.directory + "/" + segment_name(header_.number);
  std::string made_as = settings_.directory + "/" + spare_name(header_.number);
  std::uint64_t size = settings_.segment_size;
  std::unique_ptr<File> file = std::move(next_);
  if (file && size < kSegmentHeaderSize + needed) {
    file.reset();
    if (auto removed = files_.remove(made_as); !removed) return removed.error();
  }
  if (!file) {
    // Not under the spare's name: prepare() may be writing there just now.
    made_as = path + ".tmp";
    size = std::max(size, kSegmentHeaderSize + needed);
    auto made = make_zeroed(files_, made_as, size);
    if (!made) return made.error();
    file = std::move(*made);
  }
  if (auto written = file->write_at(0, encode_segment_header(header_)); !written) return written.error();
  if (auto synced = file->sync(); !synced) return synced.error();
  if (auto renamed = files_.rename(made_as, path); !renamed) return renamed.error();
  if (auto synced = files_.sync_directory(settings_.directory); !synced) return synced.error();
  file_ = std::move(file);
  offset_ = kSegmentHeaderSize;
  size_ = size;
  return {};
}

}  // namespace sisyphus::queue
