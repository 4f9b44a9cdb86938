#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sisyphus::bench {

// Counts, by their numbers, how often jobs came out: none twice, and `expected` different ones in all.
class Ledger {
 public:
  Ledger(std::size_t numbers, std::size_t expected) : taken_(numbers, 0), expected_(expected) {}
  void took(std::uint64_t number) {
    if (number < taken_.size() && taken_[number] < 255) ++taken_[number];
    if (number >= taken_.size()) ++strangers_;
  }
  std::string complaint() const;  // empty: all is as it should be

 private:
  std::vector<std::uint8_t> taken_;
  std::size_t expected_;
  std::size_t strangers_ = 0;
};

}  // namespace sisyphus::bench
