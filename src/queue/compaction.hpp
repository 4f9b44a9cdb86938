#pragma once

#include "queue/journal_reader.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace sisyphus::queue {

struct Compacted {
  std::uint64_t first_segment = 1;  // where reading begins from now on
  std::uint64_t snapshot_size = 0;  // bytes
  std::size_t jobs = 0;             // that are in it
  std::string trouble;              // what it replaced could not be removed; the next one tries again
};

// Puts one snapshot in the place of everything in `range`, whose segments are closed: writes it, then the
// manifest that names it, then removes what it replaces. Ended at any moment it leaves a folder that reads
// the same. It works on files only and may run on a thread beside a server that writes `range.end`.
// Stopped: Errc::unavailable.
Result<Compacted> compact(FileSystem& files, const JournalRange& range, const std::stop_token& stop);

}  // namespace sisyphus::queue
