#include "actors/sync_placement.hpp"

#include <algorithm>

namespace sisyphus::actors {

void SyncPlacement::measured(std::chrono::microseconds duration, SteadyTime now) {
  std::chrono::microseconds& place = last_[count_++ % kWindow];
  not_short_ -= place >= kShort;
  long_ -= place > kLong;
  place = duration;
  not_short_ += place >= kShort;
  long_ += place > kLong;
  if (slow()) thread_until_ = now + kPenalty;
}

bool SyncPlacement::slow() const {
  return long_ > kLongAllowed || 10 * not_short_ > std::min(count_, kWindow);
}

bool SyncPlacement::on_loop(SteadyTime now) const {
  return count_ != 0 && !slow() && now >= thread_until_;
}

std::chrono::microseconds SyncPlacement::p99() const {
  const std::size_t filled = std::min(count_, kWindow);
  if (filled == 0) return std::chrono::microseconds::max();
  auto sorted = last_;
  const auto at = static_cast<std::ptrdiff_t>(filled * 99 / 100);
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.begin() + static_cast<std::ptrdiff_t>(filled));
  return sorted[static_cast<std::size_t>(at)];
}

}  // namespace sisyphus::actors
