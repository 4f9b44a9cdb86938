#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sisyphus::queue {

// A part of a journal's file that cannot be read.
struct Loss {
  std::string path;
  std::uint64_t begin = 0;  // bytes of the file
  std::uint64_t end = 0;
  std::string what;
  std::uint64_t first_sequence = 0;  // the batches that were there, where that is known
  std::uint64_t last_sequence = 0;
};

// What can still be read of a journal that is damaged.
struct Salvaged {
  Uuid store_id{};
  std::vector<Loss> losses;
  std::uint64_t records = 0;
  std::uint64_t last_segment = 0;   // the highest number that there is
  std::uint64_t last_sequence = 0;  // of a batch that was read
};

// Reads whatever is whole, in order, and goes on behind what is not. An error of `on_record` ends the
// reading, as does a file that cannot be read at all.
Result<Salvaged> salvage(FileSystem& files, const std::string& directory, const OnRecord& on_record);

}  // namespace sisyphus::queue
