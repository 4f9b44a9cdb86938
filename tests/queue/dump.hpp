#pragma once

#include "queue/journal_state.hpp"

#include <fmt/format.h>

#include <string>

namespace sisyphus::queue {

inline std::string dump(const Attempt& attempt) {
  return fmt::format("[{} {} {} '{}' {} {}]", attempt.number, to_string(attempt.end), attempt.worker_id,
                     attempt.reason, attempt.started_at.time_since_epoch().count(),
                     attempt.ended_at ? attempt.ended_at->time_since_epoch().count() : -1);
}

// Everything that records make of a job, member by member.
inline std::string dump(const Job& job) {
  std::string text = fmt::format(
      "{} {} {} token {} not_before {} attempt {} of {} priority {} held {} irreversible {} backing_off {} "
      "given_up {} key '{}' message '{}'",
      job.order, sisyphus::to_string(job.id), to_string(job.state), sisyphus::to_string(job.token),
      job.not_before, job.attempt, job.max_attempts, job.priority, job.held, job.irreversible,
      job.backing_off, job.given_up, job.idempotency_key ? *job.idempotency_key : "",
      job.message ? *job.message : "");
  if (job.run)
    text += fmt::format(" run {} {} {}", job.run->worker_id, job.run->anonymous, job.run->started_at);
  if (job.outcome) {
    const Outcome& end = *job.outcome;
    text += fmt::format(" outcome {} {} {} {} text {}/{}+{} {}", end.at, end.unconfirmed, end.lost,
                        end.worker_id, end.text.segment, end.text.offset, end.text.size, end.started_at);
  }
  if (job.avoid) {
    for (const Avoided& one : job.avoid->kept()) {
      text += fmt::format(" avoid {} {} {}", one.worker_id, one.since, one.span);
    }
  }
  if (job.past) {
    for (const Attempt& attempt : *job.past) text += dump(attempt);
  }
  const Requirements& needs = job.kind->needs;
  text += fmt::format(" needs {} {}", fmt::join(needs.modules, ","), fmt::join(needs.labels, ","));
  for (const auto& [name, amount] : needs.resources) text += fmt::format(" {}={}", name, amount);
  return text + " " + std::string(job.document.view()) + "\n";
}

// The whole state in words: equal states give equal texts, and the first difference can be read.
inline std::string dump(const JournalState& state) {
  const JobQueue& jobs = state.jobs;
  std::string text =
      fmt::format("epoch {} next {} disabled {}\n", jobs.epoch(), jobs.next_order(), jobs.disabled());
  for (const Job& job : jobs.table().ordered()) text += dump(job);
  text += "ended:";
  for (const Job& job : jobs.table().ended()) text += fmt::format(" {}", job.order);
  text += fmt::format("\ndisabled workers: {}\n", fmt::join(state.disabled_workers, " "));
  for (const auto& [key, document] : state.documents)
    text += fmt::format("{}/{} {}\n", key.first, key.second, document);
  return text;
}

}  // namespace sisyphus::queue
