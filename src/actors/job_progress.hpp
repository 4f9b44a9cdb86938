#pragma once

#include "core/clock.hpp"
#include "core/progress.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace sisyphus::actors {

// How far a whole job is, and when it will be done, from the progress of its tasks. No I/O, no clock of its
// own; one attempt of one job.
//
// Each task has a share of the job that is fixed before the first runs, so that the percentage never goes
// back, whatever a tool says; 100 is told when the job is done, not before. The time left is that of the task
// that runs, at the pace of about the last minute (of the last quarter of a longer run), and that of the
// later tasks, as expected and corrected by what those so far have really taken. Time spent paused does not
// count.
class JobProgress {
 public:
  // For each task, about how many seconds it will take; where that cannot be told it counts as the mean of
  // the others.
  explicit JobProgress(std::vector<std::optional<double>> expected_s = {});

  void start_task(std::size_t index, SteadyTime now);  // those before it are done
  void report(const Progress& progress, SteadyTime now);
  void pause(SteadyTime now);
  void resume(SteadyTime now);
  void finish();  // the whole job is done

  double percent() const { return percent_; }
  // Nothing while there is too little to go by.
  std::optional<double> eta_s(SteadyTime now) const;

 private:
  using Seconds = double;
  Seconds active(SteadyTime now) const;  // time that was not spent paused
  double expected(std::size_t from, std::size_t to) const;
  std::optional<Seconds> left_of_task(Seconds now) const;
  std::optional<double> pace(Seconds now) const;

  std::vector<double> expected_s_;
  bool any_known_ = false;  // else they are only in proportion to each other
  double percent_ = 0;      // the highest that was told
  bool finished_ = false;

  std::optional<SteadyTime> begin_;
  std::optional<SteadyTime> paused_at_;
  SteadyTime::duration paused_{0};

  // Of the task that runs.
  std::size_t index_ = 0;
  Seconds started_ = 0;
  Seconds moved_ = 0;  // when its share last changed
  double share_ = 0;   // 0..1, as told last
  double rate_ = 0;    // shares a second; 0 while not known
};

}  // namespace sisyphus::actors
