#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::queue {

// A worker that gave a job back, and is not offered it for a time.
struct Avoided {
  std::string worker_id{};
  std::int64_t since = 0;  // wall clock, milliseconds since 1970: when it last did
  std::int64_t span = 0;   // milliseconds

  bool operator==(const Avoided&) const = default;
};

// The workers that gave a job back. Kept until the job has ended: who gives it back again and again is asked
// more and more rarely, so that a farm of full disks is not busy with handing jobs to and fro.
class Avoidance {
 public:
  Avoidance() = default;
  explicit Avoidance(const std::vector<Avoided>& kept) {  // good after reopen()
    for (const Avoided& one : kept) workers_.push_back(Delay{one, SteadyTime()});
  }

  bool holds(std::string_view worker_id, SteadyTime now) const {
    return std::any_of(workers_.begin(), workers_.end(), [&](const Delay& delay) {
      return now < delay.until && delay.what.worker_id == worker_id;
    });
  }
  bool holds(SteadyTime now) const { return next_end(now).has_value(); }

  // For how long a worker that gives the job back now is to be avoided: `base`, doubled for each time that it
  // did before, up to `cap`.
  Millis next_span(std::string_view worker_id, Millis base, Millis cap) const {
    const auto found = std::find_if(workers_.begin(), workers_.end(),
                                    [&](const Delay& delay) { return delay.what.worker_id == worker_id; });
    return std::min(found == workers_.end() ? base : Millis(found->what.span) * 2, cap);
  }

  void gave_back(Avoided who, SteadyTime now) {
    auto found = std::find_if(workers_.begin(), workers_.end(),
                              [&](const Delay& delay) { return delay.what.worker_id == who.worker_id; });
    if (found == workers_.end()) found = workers_.insert(found, Delay());
    found->until = now + Millis(who.span);
    found->what = std::move(who);
  }

  // After a restart: what is left goes by the wall clock, but is never more than it was.
  void reopen(Now now) {
    for (Delay& delay : workers_) {
      const std::int64_t left = delay.what.since + delay.what.span - now.wall.time_since_epoch().count();
      delay.until = now.steady + Millis(std::clamp<std::int64_t>(left, 0, delay.what.span));
    }
  }

  std::optional<SteadyTime> next_end(SteadyTime now) const {
    std::optional<SteadyTime> next;
    for (const Delay& delay : workers_) {
      if (now < delay.until && (!next || delay.until < *next)) next = delay.until;
    }
    return next;
  }

  std::vector<Avoided> kept() const {
    std::vector<Avoided> all;
    for (const Delay& delay : workers_) all.push_back(delay.what);
    return all;
  }

 private:
  struct Delay {
    Avoided what;
    SteadyTime until;
  };
  std::vector<Delay> workers_;  // in the order of their first
};

}  // namespace sisyphus::queue
