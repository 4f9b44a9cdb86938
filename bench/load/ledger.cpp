#include "load/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::bench {

std::string Ledger::complaint() const {
  const auto never = static_cast<std::size_t>(std::count(taken_.begin(), taken_.end(), std::uint8_t{0}));
  const auto twice =
      std::count_if(taken_.begin(), taken_.end(), [](std::uint8_t times) { return times > 1; });
  const std::size_t taken = taken_.size() - never;
  if (taken == expected_ && twice == 0 && strangers_ == 0) return "";
  return fmt::format("{} jobs came out, expected {}; {} of them more than once, and {} that are not ours",
                     taken, expected_, twice, strangers_);
}

}  // namespace sisyphus::bench
