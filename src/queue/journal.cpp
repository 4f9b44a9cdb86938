#include "queue/journal.hpp"

#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::queue {

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
                                               const std::function<Result<void>(Record&&)>& on_record) {
  std::unique_ptr<Journal> journal(new Journal(files, std::move(settings)));
  const std::string& directory = journal->settings_.directory;
  if (auto made = files.make_directory(directory); !made) return made.error();
  auto lock = files.lock(directory + "/lock");
  if (!lock) return lock.error();
  journal->lock_ = std::move(*lock);
  if (auto named = journal->name_store(); !named) return named.error();
  // A start that was cut off may have left names that are seen and not on disk: nothing is to build on those.
  if (auto synced = files.sync_directory(directory); !synced) return synced.error();
  auto end = read_journal(files, {directory, journal->store_id_, journal->first_segment_},
                          [&](Record&& record, const RecordPlace&) { return on_record(std::move(record)); });
  if (!end) return end.error();
  if (auto removed = remove_unfinished(files, directory); !removed) return removed.error();
  if (auto removed = journal->drop_outdated(); !removed) return removed.error();
  if (!*end) {
    journal->header_ = {journal->store_id_, 1, 1, 0};
    if (auto rolled = journal->roll(0); !rolled) return rolled.error();
    return journal;
  }
  if (auto going_on = journal->go_on(**end); !going_on) return going_on.error();
  return journal;
}

Result<void> Journal::name_store() {
  auto manifest = read_manifest(files_, settings_.directory);
  if (!manifest) return manifest.error();
  if (*manifest) {
    store_id_ = (*manifest)->store_id;
    first_segment_ = (*manifest)->first_segment;
    return {};
  }
  store_id_ = make_uuid();
  return write_manifest(files_, settings_.directory, {store_id_, first_segment_});
}

// What a repair put into a folder of its own, or was about to when it was cut off, is evidence and stays.
Result<void> Journal::drop_outdated() {
  const std::string folder = damaged_path(settings_.directory, first_segment_);
  const auto evidence = files_.list(folder);
  if (evidence && !evidence->empty()) {
    auto kept = put_earlier_aside(files_, settings_.directory, first_segment_, folder);
    if (!kept) return kept;
  }
  return remove_outdated(files_, settings_.directory, first_segment_);
}

Result<void> Journal::go_on(const JournalEnd& end) {
  auto file = files_.open(settings_.directory + "/" + segment_name(end.segment.number));
  if (!file) return file.error();
  file_ = std::move(*file);
  header_ = end.segment;
  offset_ = end.offset;
  closed_ = end.segment_size;
  size_ = closed_.extract(header_.number).mapped();
  snapshot_size_ = end.snapshot_size;
  last_sequence_ = end.last_sequence;
  last_checksum_ = end.last_checksum;
  if (!end.torn.empty()) {
    if (auto cut = cut_torn_tail(end); !cut) return cut;
  }
  return make_durable(end);
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

Result<void> Journal::write(std::string&& records) {
  const std::uint64_t needed = frame_size(records.size());
  if (!fits(records.size())) {
    if (auto rolled = roll(needed); !rolled) return rolled.error();
  }
  FrameHeader header{0, 0, last_checksum_, last_sequence_ + 1, synced_};
  make_frame(header, records);
  if (auto written = file_->write_at(offset_, records); !written) return written.error();
  offset_ += records.size();
  bytes_written_ += records.size();
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

std::uint64_t Journal::size() const {
  std::uint64_t bytes = snapshot_size_ + size_;
  for (const auto& [number, closed] : closed_) bytes += closed;
  return bytes;
}

JournalRange Journal::closed() const {
  return {settings_.directory, store_id_, first_segment_, header_.number};
}

void Journal::compacted(std::uint64_t first_segment, std::uint64_t snapshot_size) {
  first_segment_ = first_segment;
  snapshot_size_ = snapshot_size;
  closed_.erase(closed_.begin(), closed_.lower_bound(first_segment));
}

Result<void> Journal::roll(std::uint64_t needed) {
  if (file_) {
    // Frames of the new segment say that the old one is on disk: make it true, whatever the sync mode.
    if (auto synced = sync(); !synced) return synced;
    closed_[header_.number] = size_;
    header_ = {store_id_, header_.number + 1, last_sequence_ + 1, last_checksum_};
  }
  std::string made_as = settings_.directory + "/" + spare_name(header_.number);
  std::uint64_t size = settings_.segment_size;
  std::unique_ptr<File> file = std::move(next_);
  if (file && size < kSegmentHeaderSize + needed) {
    file.reset();
    if (auto removed = files_.remove(made_as); !removed) return removed;
  }
  if (!file) {
    // Not under the spare's name: prepare() may be writing there just now.
    made_as = settings_.directory + "/" + segment_name(header_.number) + ".tmp";
    size = std::max(size, kSegmentHeaderSize + needed);
    auto made = make_zeroed(files_, made_as, size);
    if (!made) return made.error();
    file = std::move(*made);
  }
  if (auto done = install_segment(files_, settings_.directory, *file, made_as, header_); !done) return done;
  file_ = std::move(file);
  offset_ = kSegmentHeaderSize;
  size_ = size;
  return {};
}

}  // namespace sisyphus::queue
