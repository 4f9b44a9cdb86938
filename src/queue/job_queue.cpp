#include "queue/job_queue.hpp"

#include "core/reuse.hpp"
#include "queue/brief.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sisyphus::queue {
namespace {

Error conflict(std::string detail) {
  return {Errc::conflict, std::move(detail), {}};
}

}  // namespace

JobQueue::JobQueue(Policy policy, std::uint64_t seed)
    : policy_(policy),
      random_(static_cast<std::minstd_rand::result_type>(seed)),
      table_(policy.history_segment) {}

Error JobQueue::no_such_job(const JobId& id) {
  return not_found(fmt::format("there is no job {}", to_string(id)));
}

std::vector<JobId> JobQueue::submit(std::vector<JobDocument> documents, Now now) {
  set_now(now);
  std::vector<JobId> ids;
  ids.reserve(documents.size());
  for (JobDocument& document : documents) {
    const std::string& key = document.spec.idempotency_key;
    if (const Job* known = key.empty() ? nullptr : table_.find_key(key)) {
      ids.push_back(known->id);
      continue;
    }
    ids.push_back(document.id);
    JobFacts& facts = document.spec;
    Record record = Submitted{next_order_, document.id, std::move(facts), std::move(document.text)};
    remember(record);
    apply(std::move(std::get<Submitted>(record)));
    announce(Effect::Kind::state, *table_.find(ids.back()));
  }
  return ids;
}

std::vector<Grant> JobQueue::grant(const std::string& worker_id, const Offer& offer, std::size_t max, Now now,
                                   const Offer* whole) {
  set_now(now);
  std::vector<Grant> grants;
  std::optional<Offer> left;  // once something was taken of it
  while (!disabled_ && grants.size() < max) {
    Job* const job = next_for(worker_id, left ? *left : offer, whole);
    if (job == nullptr) break;
    const auto& taken = job->kind->needs.resources;
    if (!left && !taken.empty()) left = offer;
    for (const auto& [name, amount] : taken) left->resources[name] -= amount;
    grants.push_back(grant_to(*job, worker_id, job->attempt + 1));
    announce(Effect::Kind::state, *job);
  }
  return grants;
}

void JobQueue::undelivered(const Grant& grant, Now now) {
  set_now(now);
  Job* const job = table_.find(grant.id);
  if (job == nullptr || !job->granted()) return;
  if (grant.token ? job->token != grant.token : !job->run->anonymous) return;
  if (job->state == JobState::cancelling) return finish(*job, JobState::cancelled, {});
  Requeued record{.order = job->order,
                  .counted = false,
                  .held = job->held,
                  .forget_token = true,
                  .reason = {},
                  .at = wall()};
  commit(*job, std::move(record));
}

Result<void> JobQueue::complete(const Completion& completion, Now now) {
  set_now(now);
  Job* const job = table_.find(completion.id);
  if (job == nullptr) return no_such_job(completion.id);
  if (!completion.token) return complete_without_token(*job, completion);
  const bool current = job->token && job->token == *completion.token;
  const bool settled = is_terminal(job->state) || (job->waiting() && job->given_up);
  if (settled && current) return {};  // said before: the same answer, nothing new (I4)
  if (!job->granted() || !current || job->run->anonymous) {
    return Error{Errc::stale_lease,
                 fmt::format("the lease {} of job {} is not the current one", to_string(*completion.token),
                             to_string(job->id)),
                 "/lease"};
  }
  settle(*job, completion, true);
  return {};
}

Result<void> JobQueue::complete_without_token(Job& job, const Completion& completion) {
  if (!job.granted()) return not_found(fmt::format("job {} is not running", to_string(job.id)));
  if (!job.run->anonymous) {
    return Error{Errc::stale_lease,
                 fmt::format("job {} was granted with a lease: send its token", to_string(job.id)), "/lease"};
  }
  const std::string& owner = job.run->worker_id;
  if (!owner.empty() && !completion.worker_id.empty() && owner != completion.worker_id) {
    return not_found(fmt::format("job {} is not run by worker {}", to_string(job.id), completion.worker_id));
  }
  settle(job, completion, false);
  return {};
}

void JobQueue::settle(Job& job, const Completion& completion, bool may_retry) {
  if (job.state == JobState::cancelling) {
    finish(job, JobState::cancelled, {.message = completion.message}, completion.info);
  } else if (!completion.failed) {
    finish(job, JobState::completed, {}, completion.info);
  } else if (may_retry && completion.retryable && (job.irreversible || job.attempt < job.max_attempts)) {
    try_again(job, completion.message, true);
  } else {
    finish(job, JobState::failed, {.message = completion.message}, completion.info);
  }
}

Result<void> JobQueue::hand_back(const HandBack& back, Now now) {
  set_now(now);
  Job* const job = table_.find(back.id);
  if (job == nullptr) return no_such_job(back.id);
  if (!job->granted() || job->token != back.token) {
    return Error{Errc::stale_lease,
                 fmt::format("the lease {} of job {} is not the current one", to_string(back.token),
                             to_string(job->id)),
                 "/lease"};
  }
  if (job->state == JobState::cancelling) {
    finish(*job, JobState::cancelled, {.message = back.reason});
    return {};
  }
  Requeued record{.order = job->order,
                  .counted = false,
                  .held = job->held,
                  .forget_token = true,
                  .reason = brief(back.reason),
                  .at = wall()};
  if (record.reason.empty()) record.reason = "handed back";
  const std::string& worker = job->run->worker_id;
  record.avoid_for = (job->avoid ? *job->avoid : Avoidance())
                         .next_span(worker, policy_.backoff_base, policy_.backoff_cap)
                         .count();
  if (job->irreversible) record.reason += "; it has changed files already: look, then retry or cancel it";
  commit(*job, std::move(record));
  return {};
}

LeaseVerdict JobQueue::renew(const std::string& worker_id, const HeldLease& lease, Now now) {
  set_now(now);
  Job* const job = table_.find(lease.id);
  if (job == nullptr) return {lease.id, Verdict::stop, {}, {}, false};
  if (!lease.token) {
    if (!job->granted() || !job->run->anonymous) return {lease.id, Verdict::stop, {}, {}, false};
    if (job->run->worker_id.empty()) commit(*job, Bound{job->order, worker_id});
    if (job->run->worker_id != worker_id) return {lease.id, Verdict::stop, {}, {}, false};
    renew_timer(*job);
    return {lease.id, Verdict::renewed, {}, policy_.lease, false};
  }
  if (job->token != *lease.token) return {lease.id, Verdict::stop, {}, {}, false};
  if (job->granted() && !job->run->anonymous) {
    renew_timer(*job);
    const Verdict verdict = job->state == JobState::cancelling ? Verdict::cancel : Verdict::renewed;
    return {lease.id, verdict, job->token, policy_.lease, job->held};
  }
  if (job->waiting() &&
      !job->given_up) {  // its lease ran out, nobody else has it: it goes on, the same attempt (I8)
    const Grant grant = grant_to(*job, worker_id, job->attempt);
    announce(Effect::Kind::state, *job);
    return {lease.id, Verdict::adopted, grant.token, policy_.lease, job->held};
  }
  return {lease.id, Verdict::stop, {}, {}, false};
}

Result<void> JobQueue::mark_irreversible(const JobId& id, LeaseToken token) {
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (!job->granted() || job->token != token) {
    return Error{Errc::stale_lease, fmt::format("the lease of job {} is not the current one", to_string(id)),
                 "/lease"};
  }
  if (job->state == JobState::cancelling)
    return conflict(fmt::format("job {} is being cancelled", to_string(id)));
  if (job->irreversible) return {};
  const MarkedIrreversible record{job->order};
  remember(record);
  apply(*job, record);
  return {};
}

Result<JobState> JobQueue::cancel(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (is_terminal(job->state)) {
    return conflict(fmt::format("job {} is {} already", to_string(id), to_string(job->state)));
  }
  if (job->waiting()) {
    finish(*job, JobState::cancelled, {.forget_token = true});
  } else if (job->run->anonymous) {  // the original client cannot be told (C4)
    finish(*job, JobState::cancelled, {.unconfirmed = true});
  } else if (job->state == JobState::running) {
    commit(*job, CancelRequested{job->order});
    announce(Effect::Kind::cancel, *job);
  }
  return job->state;
}

Result<JobState> JobQueue::pause(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  const bool can = job->waiting() || (job->state == JobState::running && !job->run->anonymous);
  if (!can)
    return conflict(fmt::format("job {} is {}: it cannot be paused", to_string(id), to_string(job->state)));
  if (!job->held) {
    commit(*job, Held{job->order, true});
    if (job->granted()) announce(Effect::Kind::pause, *job);
  }
  return job->shown_state();
}

Result<JobState> JobQueue::resume(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (job->shown_state() != JobState::paused)
    return conflict(fmt::format("job {} is not paused", to_string(id)));
  if (job->waiting() && job->irreversible) {
    return conflict(fmt::format("job {} has changed files already: look, then retry it", to_string(id)));
  }
  commit(*job, Held{job->order, false});
  if (job->granted()) announce(Effect::Kind::resume, *job);
  return job->shown_state();
}

Result<JobState> JobQueue::retry(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  const bool delayed = job->not_before != 0 || (job->avoid && job->avoid->holds(now_.steady));
  const bool stuck = job->blocked() || (job->waiting() && delayed);
  if (!stuck && job->state != JobState::failed && job->state != JobState::cancelled) {
    return conflict(fmt::format("job {} is {}: only a failed, cancelled or held one is retried",
                                to_string(id), to_string(job->shown_state())));
  }
  commit(*job, Retried{job->order});
  return job->shown_state();
}

Result<void> JobQueue::set_priority(const JobId& id, int priority, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (!job->waiting()) {
    return conflict(fmt::format("job {} is {}: only the priority of a waiting one can be changed",
                                to_string(id), to_string(job->shown_state())));
  }
  if (job->priority != priority) commit(*job, Prioritized{job->order, priority});
  return {};
}

Result<void> JobQueue::remove(const JobId& id, Now now) {
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (job->granted()) {
    auto cancelled = cancel(id, now);
    if (!cancelled) return cancelled.error();
    return {};
  }
  set_now(now);
  const Removed record{job->order};
  remember(record);
  announce(Effect::Kind::removed, *job);
  if (job->outcome && job->outcome->text) table_.history().erase(job->outcome->text);
  apply(*job, record);
  return {};
}

std::uint64_t JobQueue::clear(std::uint64_t begin, std::uint64_t end) {
  constexpr int kAtOnce = 1000;  // jobs that are looked at
  const std::size_t announced = changes_.effects.size();
  Cleared record{begin, end};
  int seen = 0;
  for (auto at = table_.ordered().lower_bound(begin); at != table_.ordered().end(); ++at) {
    if (at->order >= end || seen++ == kAtOnce) {
      record.end = std::min(end, at->order);
      break;
    }
    if (at->waiting()) announce(Effect::Kind::removed, *at);
  }
  if (changes_.effects.size() == announced) return record.end;
  remember(record);
  apply(record);
  return record.end;
}

void JobQueue::set_disabled(bool disabled) {
  disabled_ = disabled;
  table_.bring_news();
  remember(QueueAttributes{disabled});
}

bool JobQueue::report_progress(const ProgressReport& report) {
  Job* const job = table_.find(report.id);
  if (job == nullptr || !job->granted() || job->token != report.token) return false;
  job->run->progress = report.members;
  return true;
}

void JobQueue::Changes::clear() {
  constexpr std::size_t kKeep = 1U << 20;
  clear_for_reuse(records, kKeep);
  record_count = 0;
  effects.clear();
  history = {};
}

void JobQueue::take_changes(Changes& into) {
  into.clear();
  changes_.history = table_.history().take_work();
  std::swap(into, changes_);
}

JobQueue::Changes JobQueue::take_changes() {
  Changes changes;
  take_changes(changes);
  return changes;
}

}  // namespace sisyphus::queue
