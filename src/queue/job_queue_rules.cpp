#include "core/job_document.hpp"
#include "queue/brief.hpp"
#include "queue/job_queue.hpp"
#include "queue/reservation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// What becomes of a job: who gets it, how it ends, whether it is tried again, and when.
namespace sisyphus::queue {

JobQueue::Heads JobQueue::heads_for(const std::string& worker_id, const Offer& offer, const Offer* whole) {
  Heads heads;
  for (auto& [needs, kind] : table_.classes()) {
    if (kind.ready.empty()) continue;
    const bool fitting = fits(needs, offer);
    if (!fitting && (whole == nullptr || !fits(needs, *whole))) continue;
    Job*& first = fitting ? heads.fitting : heads.hindered;
    for (Job& job : kind.ready) {
      if (first != nullptr && !JobClass::Before()(job, *first)) break;
      if (job.avoid && job.avoid->holds(worker_id, now_.steady)) continue;
      first = &job;
      break;
    }
  }
  return heads;
}

// The first that fits; but when it has passed over one that comes before it for too long, the worker keeps
// free what that one needs, until it gets it.
Job* JobQueue::next_for(const std::string& worker_id, const Offer& offer, const Offer* whole) {
  const Heads heads = heads_for(worker_id, offer, whole);
  if (!heads.fitting || !heads.hindered || JobClass::Before()(*heads.fitting, *heads.hindered))
    return heads.fitting;
  JobClass& hindered = *heads.hindered->kind;
  if (!hindered.passed_over) hindered.passed_over = now_.steady;
  if (now_.steady - *hindered.passed_over < policy_.reserve_after) return heads.fitting;
  return heads_for(worker_id, offer_keeping_free(offer, hindered.needs, *whole), nullptr).fitting;
}

// All jobs age alike, so their order never changes: a job waits for its place since it was added, or since
// its date.
std::int64_t JobQueue::rank_of(const Job& job) const {
  if (policy_.ageing == Millis(0)) return job.priority;
  const auto added = added_at(job.document.view());
  const std::int64_t since = added ? added->time_since_epoch().count() : 0;
  return job.priority * policy_.ageing.count() - std::max(since, job.not_before);
}

Grant JobQueue::grant_to(Job& job, const std::string& worker_id, std::uint32_t attempt) {
  const LeaseToken token{epoch_, next_token_++};
  Granted record{.order = job.order,
                 .token = token,
                 .attempt = attempt,
                 .anonymous = worker_id.empty(),
                 .at = wall(),
                 .worker_id = worker_id};
  remember(record);
  apply(job, record);
  return {job.id, job.document, worker_id.empty() ? LeaseToken{} : token, policy_.lease,
          static_cast<int>(attempt)};
}

void JobQueue::finish(Job& job, JobState state, Finished end, std::string_view info) {
  end.order = job.order;
  end.state = state;
  end.at = wall();
  if (!info.empty() || end.message.size() > kBrief) {
    end.text = table_.history().add(job.id, end.message, info);
    end.message = brief(std::move(end.message));
  }
  commit(job, std::move(end));
  forget_surplus();
}

void JobQueue::lease_lost(Job& job) {
  const std::string worker = job.run->worker_id.empty() ? "its worker" : "worker " + job.run->worker_id;
  std::string reason =
      fmt::format("lease lost: {} was not heard for {} s", worker, policy_.lease.count() / 1000);
  if (job.state == JobState::cancelling) {
    return finish(job, JobState::cancelled, {.forget_token = true, .message = std::move(reason)});
  }
  try_again(job, std::move(reason), job.run->anonymous);
}

void JobQueue::try_again(Job& job, std::string reason, bool forget_token) {
  if (!job.irreversible && job.attempt >= job.max_attempts) {
    reason += fmt::format(" (attempt {} of {})", job.attempt, job.max_attempts);
    return finish(job, JobState::failed, {.forget_token = true, .message = std::move(reason)});
  }
  Requeued record{.order = job.order,
                  .held = job.held,
                  .forget_token = forget_token,
                  .reason = brief(std::move(reason)),
                  .at = wall()};
  if (job.irreversible) {
    record.reason += "; it has changed files already: it waits for that worker, or for a retry";
  } else {
    record.not_before = backoff_until(job.attempt);
  }
  commit(job, std::move(record));
}

// For a start: the clock may have been set meanwhile.
std::int64_t JobQueue::longest_backoff() const {
  return policy_.backoff_cap.count() + policy_.backoff_cap.count() / 4;
}

std::int64_t JobQueue::backoff_until(std::uint32_t attempt) {
  const auto doublings = std::min<std::uint32_t>(attempt > 0 ? attempt - 1 : 0, 20);
  const auto delay = std::min(policy_.backoff_base.count() << doublings, policy_.backoff_cap.count());
  std::uniform_int_distribution<std::int64_t> jitter(-delay / 4, delay / 4);
  return wall() + delay + jitter(random_);
}

void JobQueue::renew_timer(Job& job) {
  if (open_) table_.set_timer(job, now_.steady + policy_.lease);
}

// Puts a waiting job where it belongs: among the ready, or aside until its time comes or somebody lets it go.
void JobQueue::place(Job& job) {
  if (!open_) return;
  const std::int64_t delay = job.not_before - wall();
  if (delay <= 0) {
    job.not_before = 0;
    job.backing_off = false;
  }
  table_.set_timer(job, std::nullopt);
  if (job.blocked()) {
    table_.unready(job);
  } else if (delay > 0) {
    table_.unready(job);
    table_.set_timer(job, now_.steady + Millis(delay));
  } else {
    table_.make_ready(job);
    if (job.avoid) table_.set_timer(job, job.avoid->next_end(now_.steady));
  }
}

}  // namespace sisyphus::queue
