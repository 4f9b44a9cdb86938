#pragma once

#include <compare>
#include <cstdint>

namespace sisyphus::queue {

// Where the text of a finished job stands in the history's files. Segments count from 1.
struct HistoryPlace {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // bytes of the entry

  auto operator<=>(const HistoryPlace&) const = default;
  explicit operator bool() const { return segment != 0; }
};

}  // namespace sisyphus::queue
