#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace sisyphus::queue {

// The workers that gave a job back, each with the time until which it is not offered it again. Kept until the
// job has ended: who gives it back again and again is asked more and more rarely, so that a farm of full
// disks is not busy with handing jobs to and fro. Not kept over a restart.
class Avoidance {
 public:
  bool holds(const std::string& worker_id, SteadyTime now) const {
    const auto found = workers_.find(worker_id);
    return found != workers_.end() && now < found->second.until;
  }
  bool holds(SteadyTime now) const { return next_end(now).has_value(); }

  // The delay is `base`, doubled for each time that this worker gave the job back before, up to `cap`.
  void gave_back(const std::string& worker_id, SteadyTime now, Millis base, Millis cap) {
    Delay& delay = workers_[worker_id];
    delay.span = std::min(delay.span == Millis(0) ? base : delay.span * 2, cap);
    delay.until = now + delay.span;
  }

  std::optional<SteadyTime> next_end(SteadyTime now) const {
    std::optional<SteadyTime> next;
    for (const auto& [id, delay] : workers_) {
      if (now < delay.until && (!next || delay.until < *next)) next = delay.until;
    }
    return next;
  }

 private:
  struct Delay {
    SteadyTime until{};
    Millis span{0};
  };
  std::map<std::string, Delay> workers_;
};

}  // namespace sisyphus::queue
