#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_format.hpp"
#include "queue/record.hpp"

#include <functional>
#include <optional>
#include <string>

namespace sisyphus::queue {

// Where writing goes on after a journal was read.
struct JournalEnd {
  SegmentHeader segment;           // the last one
  std::uint64_t offset = 0;        // in it, of the first byte behind the last good frame
  std::uint64_t segment_size = 0;  // bytes of the file
  std::uint64_t last_sequence = 0;
  std::uint32_t last_checksum = 0;
  // The frames before `offset` of which no later one says that they are on disk.
  std::string unconfirmed;
  // What a crash left half written: never acknowledged. The writer keeps it beside the journal and zeroes it.
  std::string torn;
};

std::string segment_name(std::uint64_t number);  // "journal-0000000001.log"
bool is_segment_name(std::string_view name);

// Reads the segments from `first_segment` on and calls `on_record` for each record in order. Damage before
// the last recorded sync is corruption: an Errc::io error that names file and offset. Damage after it is a
// torn tail. An error of `on_record` ends the reading. No segment at all: an empty optional.
Result<std::optional<JournalEnd>> read_journal(FileSystem& files, const std::string& directory,
                                               std::uint64_t first_segment,
                                               const std::function<Result<void>(const Record&)>& on_record);

}  // namespace sisyphus::queue
