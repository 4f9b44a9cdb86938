#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_format.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// The files of a journal's folder: their names, and how they come and go. docs/journal.md has the list.
namespace sisyphus::queue {

std::string segment_name(std::uint64_t number);   // "journal-0000000001.log"
std::string snapshot_name(std::uint64_t number);  // "snapshot-0000000002.log": what segment 2 follows
std::string spare_name(std::uint64_t number);     // of a segment that was made beforehand
// The folder of what was put aside by the repair that wrote snapshot `number`.
std::string damaged_path(const std::string& directory, std::uint64_t number);
bool is_segment_name(std::string_view name);
bool is_snapshot_name(std::string_view name);

// A file of zeros, on disk. Written, not only reserved: overwriting written blocks syncs faster, and a full
// disk (Errc::storage_full) shows here, not later. Leaves nothing behind when it fails.
Result<std::unique_ptr<File>> make_zeroed(FileSystem& files, const std::string& path, std::uint64_t size);

// Turns the zeroed `file`, which is called `made_as`, into the segment that `header` describes, on disk.
Result<void> install_segment(FileSystem& files, const std::string& directory, File& file,
                             const std::string& made_as, const SegmentHeader& header);

// Removes segments and snapshots that nothing needs when reading begins with segment `first`.
Result<void> remove_outdated(FileSystem& files, const std::string& directory, std::uint64_t first);
// Moves those that come before segment `first` into `folder`.
Result<void> put_earlier_aside(FileSystem& files, const std::string& directory, std::uint64_t first,
                               const std::string& folder);
// Removes what was being made, or made beforehand, when the process ended.
Result<void> remove_unfinished(FileSystem& files, const std::string& directory);

}  // namespace sisyphus::queue
