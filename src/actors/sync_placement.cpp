#include "actors/sync_placement.hpp"

#include <algorithm>

namespace sisyphus::actors {

void SyncPlacement::measured(std::chrono::microseconds duration, SteadyTime now) {
  last_[count_++ % kWindow] = duration;
  if (duration > kLong) thread_until_ = now + kPenalty;
}

std::chrono::microseconds SyncPlacement::p99() const {
  const std::size_t filled = std::min(count_, kWindow);
  if (filled == 0) return std::chrono::microseconds::max();
  auto sorted = last_;
  const auto at = static_cast<std::ptrdiff_t>(filled * 99 / 100);
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.begin() + static_cast<std::ptrdiff_t>(filled));
  return sorted[static_cast<std::size_t>(at)];
}

bool SyncPlacement::on_loop(SteadyTime now) const {
  return now >= thread_until_ && p99() < kShort;
}

}  // namespace sisyphus::actors
