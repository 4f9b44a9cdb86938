#include "actors/job_progress.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace sisyphus::actors {
namespace {

constexpr double kNotYetDone = 99.9;
constexpr double kSettling = 2;     // seconds without an ETA at the start
constexpr double kWindow = 60;      // seconds that a pace is the mean of, at least
constexpr double kWindowShare = 4;  // and this part of the time so far
constexpr double kTrust = 0.1;      // of the whole job: how much the expectation weighs against what was seen

}  // namespace

JobProgress::JobProgress(std::vector<std::optional<double>> expected_s) {
  double sum = 0;
  std::size_t known = 0;
  for (const auto& one : expected_s) {
    if (!one) continue;
    sum += *one;
    ++known;
  }
  any_known_ = sum > 0;
  const double mean = any_known_ ? sum / static_cast<double>(known) : 1;
  for (const auto& one : expected_s) expected_s_.push_back(any_known_ ? one.value_or(mean) : 1);
}

void JobProgress::start_task(std::size_t index, SteadyTime now) {
  if (!begin_) begin_ = now;
  index_ = index;
  started_ = moved_ = active(now);
  share_ = rate_ = 0;
  report({}, now);
}

void JobProgress::report(const Progress& progress, SteadyTime now) {
  if (index_ >= expected_s_.size()) return;
  const double share = std::clamp(progress.percent.value_or(100 * share_) / 100, 0.0, 1.0);
  if (progress.percent) {
    const Seconds at = active(now);
    const Seconds since = at - moved_;
    if (share < share_) {  // a phase that begins anew
      share_ = share;
      moved_ = at;
    } else if (share > share_ && since > 0) {
      // The mean at first; then what was seen before the window fades.
      const double window = std::max(kWindow, (at - started_) / kWindowShare);
      const double weight = since / std::min(at - started_, window);
      rate_ += std::min(weight, 1.0) * ((share - share_) / since - rate_);
      share_ = share;
      moved_ = at;
    }
  }
  const double done = expected(0, index_) + share * expected_s_[index_];
  const double all = expected(0, expected_s_.size());
  percent_ = std::max(percent_, std::min(100 * done / all, kNotYetDone));
}

void JobProgress::pause(SteadyTime now) {
  if (!paused_at_) paused_at_ = now;
}

void JobProgress::resume(SteadyTime now) {
  if (!paused_at_) return;
  if (begin_) paused_ += now - std::max(*paused_at_, *begin_);
  paused_at_.reset();
}

void JobProgress::finish() {
  finished_ = true;
  percent_ = 100;
}

std::optional<double> JobProgress::eta_s(SteadyTime now) const {
  if (finished_) return 0;
  if (!begin_ || index_ >= expected_s_.size() || active(now) < kSettling) return std::nullopt;
  const auto left = left_of_task(active(now));
  const double later = expected(index_ + 1, expected_s_.size());
  if (!left || later == 0) return left;
  const auto pace = this->pace(active(now));
  return pace ? std::optional(*left + later * *pace) : std::nullopt;
}

JobProgress::Seconds JobProgress::active(SteadyTime now) const {
  if (!begin_) return 0;
  const SteadyTime end = paused_at_ ? std::max(*paused_at_, *begin_) : now;
  return std::chrono::duration<double>(end - *begin_ - paused_).count();
}

double JobProgress::expected(std::size_t from, std::size_t to) const {
  return std::accumulate(expected_s_.begin() + static_cast<std::ptrdiff_t>(from),
                         expected_s_.begin() + static_cast<std::ptrdiff_t>(to), 0.0);
}

std::optional<JobProgress::Seconds> JobProgress::left_of_task(Seconds now) const {
  if (rate_ > 0) return std::max(0.0, (1 - share_) / rate_ - (now - moved_));
  if (!any_known_) return std::nullopt;
  return std::max(0.0, expected_s_[index_] * *pace(now) - (now - started_));
}

// How many seconds one that was expected has really taken.
std::optional<double> JobProgress::pace(Seconds now) const {
  // Of a task that does not say how far it is, nothing is known before its end.
  const double took = rate_ > 0 ? now : started_;
  const double expected_till_now = expected(0, index_) + share_ * expected_s_[index_];
  // A few quick renames say little about the encode that follows.
  const double trust = any_known_ ? kTrust * expected(0, expected_s_.size()) : 0;
  if (expected_till_now + trust <= 0) return std::nullopt;
  return (took + trust) / (expected_till_now + trust);
}

}  // namespace sisyphus::actors
