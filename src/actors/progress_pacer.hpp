#pragma once

#include "core/clock.hpp"
#include "core/ids.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sisyphus::actors {

// Lets the progress of each job out ten times a second at most. What comes in between is kept, the latest
// only, until its time has come or the job changes its state. No I/O; time is an argument; none of it grows
// with anything but the jobs that run.
class ProgressPacer {
 public:
  static constexpr Millis kInterval{100};
  using Told = std::pair<JobId, std::string>;

  // Whether it may be told at once. Otherwise it is kept.
  bool tell_now(const JobId& job, const std::string& progress, SteadyTime now);
  // What is kept and has waited long enough; call it when next_due() has come.
  std::vector<Told> due(SteadyTime now);
  std::optional<SteadyTime> next_due() const;  // nothing while nothing is kept
  // What is kept of a job whose state changes: it is to be told before that, or never. Forgets the job.
  std::optional<std::string> take(const JobId& job);

 private:
  struct Job {
    SteadyTime told_at;
    std::optional<std::string> kept;
  };

  void forget_old(SteadyTime now);

  std::map<JobId, Job> jobs_;  // that were told lately
  std::deque<std::pair<SteadyTime, JobId>>
      line_;  // by the time at which they were told last; may name forgotten ones
  std::size_t kept_ = 0;
};

}  // namespace sisyphus::actors
