#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <random>

namespace sisyphus::actors {

// How long to wait before the next attempt: doubles from `first` to `most`, jittered by a quarter, so that a
// farm of workers does not come back at the same moment. Pure but for the random numbers.
class RetryDelay {
 public:
  RetryDelay(Millis first, Millis most) : first_(first), most_(std::max(first, most)), next_(first) {}

  Millis next() {
    const auto delay = next_.count();
    next_ = std::min(next_ * 2, most_);
    std::uniform_int_distribution<Millis::rep> jitter(-delay / 4, delay / 4);
    return Millis(delay + jitter(random_));
  }
  void reset() { next_ = first_; }

 private:
  Millis first_;
  Millis most_;
  Millis next_;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace sisyphus::actors
