#include "queue/attempts.hpp"

#include <optional>
#include <utility>

namespace sisyphus::queue {
namespace {

WallTime wall_time(std::int64_t at) {
  return WallTime(Millis(at));
}

void keep(Job& job, Attempt attempt) {
  if (!job.past) job.past = std::make_unique<std::vector<Attempt>>();
  if (job.past->size() == kAttemptsKept) job.past->erase(job.past->begin());
  job.past->push_back(std::move(attempt));
}

Attempt::End end_of(const Job& job) {
  switch (job.state) {
    case JobState::completed:
      return Attempt::End::completed;
    case JobState::cancelled:
      return Attempt::End::cancelled;
    default:
      return job.outcome->lost ? Attempt::End::lost : Attempt::End::failed;
  }
}

// Empty when the job ended without running, as a cancelled one that waited does.
std::optional<Attempt> last_attempt(const Job& job) {
  if (!job.outcome || job.outcome->started_at == 0) return std::nullopt;
  const Outcome& outcome = *job.outcome;
  return Attempt{
      static_cast<int>(job.attempt), end_of(job),          outcome.worker_id, job.message ? *job.message : "",
      wall_time(outcome.started_at), wall_time(outcome.at)};
}

}  // namespace

void keep_attempt(Job& job, Attempt::End end, const std::string& reason, std::int64_t at) {
  keep(job, {static_cast<int>(job.attempt), end, job.run->worker_id, reason, wall_time(job.run->started_at),
             wall_time(at)});
}

void keep_outcome(Job& job) {
  if (auto attempt = last_attempt(job)) keep(job, std::move(*attempt));
}

std::int64_t reopen_attempt(Job& job) {
  const std::int64_t began = job.past->back().started_at.time_since_epoch().count();
  job.past->pop_back();
  if (job.past->empty()) job.past.reset();
  return began;
}

std::vector<Attempt> attempts_of(const Job& job) {
  std::vector<Attempt> attempts;
  if (job.past) attempts = *job.past;
  if (auto last = last_attempt(job)) attempts.push_back(std::move(*last));
  if (job.run) {
    attempts.push_back({static_cast<int>(job.attempt), Attempt::End::running, job.run->worker_id, "",
                        wall_time(job.run->started_at), std::nullopt});
  }
  return attempts;
}

}  // namespace sisyphus::queue
