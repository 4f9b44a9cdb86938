#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_reader.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sisyphus::queue {

enum class Fsync { always, interval, never };
const char* to_string(Fsync fsync);

// The journal of one server: a folder with a lock, a manifest, a snapshot and the segments behind it, of
// which the last is written. Blocking, and used by one thread at a time (which one is the journal actor's
// business); prepare() alone touches nothing of the object and may run beside the rest.
class Journal {
 public:
  struct Settings {
    std::string directory;
    std::uint64_t segment_size = 16U << 20;  // bytes; a larger batch gets a segment of its own size
  };

  // Locks the folder, makes it when it is not there, replays what it holds, and repairs a torn tail.
  static Result<std::unique_ptr<Journal>> open(FileSystem& files, Settings settings,
                                               const std::function<Result<void>(Record&&)>& on_record);

  // Writes one batch; it is on disk after the next sync(). An error of either leaves the journal unusable.
  // The text is used up, and its memory stays with the caller: a frame is made of it in place.
  Result<void> write(std::string&& records);
  Result<void> sync();

  // Whether a batch of so many bytes goes into this segment; else write() begins the next one, which takes
  // longer.
  bool fits(std::size_t records) const { return offset_ + frame_size(records) <= size_; }
  Result<void> start_segment() { return roll(0); }  // at once, so that closed() holds all that was written

  // Bytes of records that fit for certain, wherever the disk stands: what is left here, and the next segment.
  std::uint64_t room() const;
  std::uint64_t largest_room() const {
    return settings_.segment_size - kSegmentHeaderSize;
  }  // of a fresh segment
  bool has_next() const { return next_ != nullptr; }
  bool wants_next() const;  // half of this segment is used and there is no next one yet

  // Makes the file for the next segment, zeroed and on disk, and hands it over. Errc::storage_full without
  // room.
  static Result<std::unique_ptr<File>> prepare(FileSystem& files, const Settings& settings,
                                               std::uint64_t number);
  std::uint64_t next_number() const { return header_.number + 1; }
  // Takes what prepare() made for `number`; one that came too late (the journal went on by itself) is
  // removed.
  Result<void> take_next(std::uint64_t number, std::unique_ptr<File> file);

  // What compact() may put a snapshot in the place of, and what is to be said here when it has.
  JournalRange closed() const;
  void compacted(std::uint64_t first_segment, std::uint64_t snapshot_size);
  std::uint64_t size() const;  // bytes of the snapshot and all segments

  const Settings& settings() const { return settings_; }
  FileSystem& files() const { return files_; }
  std::uint64_t last_sequence() const { return last_sequence_; }  // counts the batches
  std::uint64_t bytes_written() const { return bytes_written_; }
  const std::string& repaired() const { return repaired_; }  // what was done to a torn tail, empty for none

 private:
  Journal(FileSystem& files, Settings settings) : files_(files), settings_(std::move(settings)) {}
  Result<void> name_store();
  Result<void> drop_outdated();
  Result<void> go_on(const JournalEnd& end);
  Result<void> cut_torn_tail(const JournalEnd& end);
  Result<void> make_durable(const JournalEnd& end);
  Result<void> roll(std::uint64_t needed);

  FileSystem& files_;
  Settings settings_;
  std::unique_ptr<File> lock_;
  std::unique_ptr<File> file_;
  std::unique_ptr<File> next_;
  Uuid store_id_{};
  std::uint64_t first_segment_ = 1;
  std::uint64_t snapshot_size_ = 0;
  std::map<std::uint64_t, std::uint64_t> closed_;  // segments that are full: number and bytes of the file
  SegmentHeader header_;
  std::uint64_t offset_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::uint64_t synced_ = 0;
  std::uint32_t last_checksum_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::string repaired_;
};

}  // namespace sisyphus::queue
