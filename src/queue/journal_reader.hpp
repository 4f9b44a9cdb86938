#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_format.hpp"
#include "queue/record.hpp"

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>

namespace sisyphus::queue {

// What is to be read: the snapshot that segment `first` follows (none for 1), and the segments up to `end`,
// which is not among them.
struct JournalRange {
  std::string directory;
  Uuid store_id{};
  std::uint64_t first = 1;
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

// Where a record stands.
struct RecordPlace {
  const std::string& path;
  std::uint64_t offset;    // of its frame
  std::uint64_t sequence;  // of its frame; those of a snapshot count from 1
};
// An error ends the reading.
using OnRecord = std::function<Result<void>(Record&& record, const RecordPlace& place)>;

// Where a journal is not what it should be.
struct Damage {
  std::string path;
  std::uint64_t offset = 0;
  std::string what;
};

// Where writing goes on after a journal was read.
struct JournalEnd {
  SegmentHeader segment;     // the last one
  std::uint64_t offset = 0;  // in it, of the first byte behind the last good frame
  std::uint64_t last_sequence = 0;
  std::uint32_t last_checksum = 0;
  std::uint64_t snapshot_size = 0;                      // bytes of the file
  std::map<std::uint64_t, std::uint64_t> segment_size;  // by number, bytes of the file
  // The frames before `offset` of which no later one says that they are on disk.
  std::string unconfirmed;
  // What a crash left half written: never acknowledged. The writer keeps it beside the journal and zeroes it.
  std::string torn;
};

// Reads all of it and calls `on_record` for each record in order. Damage before the last recorded sync is
// corruption: an Errc::io error that names file and offset, and `damage` where somebody wants to know. Damage
// after it is a torn tail. No segment at all, and none expected: an empty optional.
Result<std::optional<JournalEnd>> read_journal(FileSystem& files, const JournalRange& range,
                                               const OnRecord& on_record,
                                               std::optional<Damage>* damage = nullptr);

}  // namespace sisyphus::queue
