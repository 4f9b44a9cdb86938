#include "core/json_member.hpp"
#include "queue/attempts.hpp"
#include "queue/job_queue.hpp"
#include "queue/kept_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// What each record does to the state, live and in replay.
namespace sisyphus::queue {

Result<void> JobQueue::replay(Record record) {
  if (const auto* started = std::get_if<Started>(&record)) {
    epoch_ = started->epoch;
    next_token_ = 1;
    return {};
  }
  if (auto* const submitted = std::get_if<Submitted>(&record)) {
    if (submitted->order < next_order_) {
      return invalid(fmt::format("job {} was submitted after job {}", submitted->order, next_order_ - 1));
    }
    apply(std::move(*submitted));
    return {};
  }
  if (const auto* numbered = std::get_if<Numbered>(&record)) {
    next_order_ = numbered->next_order;
    return {};
  }
  if (const auto* cleared = std::get_if<Cleared>(&record)) {
    apply(*cleared);
    return {};
  }
  if (const auto* attributes = std::get_if<QueueAttributes>(&record)) {
    disabled_ = attributes->disabled;
    return {};
  }
  if (const auto* forgotten = std::get_if<Forgotten>(&record)) {
    apply(*forgotten);
    return {};
  }
  if (const auto* lost = std::get_if<HistoryLost>(&record)) {
    history_lost(*lost);
    return {};
  }
  return std::visit(
      [this](const auto& r) -> Result<void> {
        if constexpr (requires { apply(std::declval<Job&>(), r); }) {
          Job* const job = table_.find_order(r.order);
          // Of a journal that was damaged its submission may be lost.
          if (job == nullptr) return {};
          constexpr bool of_a_run =
              std::is_same_v<decltype(r), const Requeued&> || std::is_same_v<decltype(r), const Bound&>;
          if (of_a_run && !job->granted()) return invalid(fmt::format("job {} does not run here", r.order));
          apply(*job, r);
        }
        return {};
      },
      record);
}

void JobQueue::remember(const Record& record) {
  encode(record, changes_.records);
  ++changes_.record_count;
}

void JobQueue::announce(Effect::Kind kind, const Job& job) {
  Effect& effect = changes_.effects.emplace_back();
  effect.kind = kind;
  effect.id = job.id;
  effect.state = job.shown_state();
  effect.attempt = job.attempt;
  effect.token = job.token;
  if (job.run) effect.worker_id = job.run->worker_id;
  if (job.outcome) {
    effect.worker_id = job.outcome->worker_id;
    effect.unconfirmed = job.outcome->unconfirmed;
  }
  if (job.message) effect.message = *job.message;
}

void JobQueue::apply(Submitted record) {
  JobFacts& facts = record.facts;
  auto job = std::make_unique<Job>();
  job->id = record.id;
  job->order = record.order;
  job->document = SharedText(record.document);
  job->priority = static_cast<std::int8_t>(facts.priority);
  job->max_attempts = static_cast<std::uint16_t>(facts.max_attempts);
  if (facts.not_before) job->not_before = facts.not_before->time_since_epoch().count();
  job->rank = rank_of(*job);
  if (!facts.idempotency_key.empty()) {
    job->idempotency_key = std::make_unique<std::string>(std::move(facts.idempotency_key));
  }
  next_order_ = record.order + 1;
  place(table_.insert(std::move(job), std::move(facts.needs)));
}

void JobQueue::apply(Job& job, const Granted& record) {
  const bool goes_on = job.past && record.attempt == job.attempt;  // a new attempt is one more
  const std::int64_t began = goes_on ? reopen_attempt(job) : record.at;
  table_.unready(job);
  table_.not_passed_over(*job.kind);
  table_.set_state(job, JobState::running);
  job.token = record.token;
  job.attempt = record.attempt;
  job.not_before = 0;
  job.backing_off = false;
  job.given_up = false;
  job.message.reset();
  job.run = std::make_unique<Run>(Run{record.worker_id, record.anonymous, began, {}});
  job.kind->running.push_back(*job.run);
  renew_timer(job);
}

void JobQueue::apply(Job& job, const Finished& record) {
  table_.not_ended(job);
  table_.unready(job);
  table_.set_timer(job, std::nullopt);
  table_.set_state(job, record.state);
  job.held = false;
  job.avoid.reset();
  job.outcome = std::make_unique<Outcome>(Outcome{record.at, record.unconfirmed, false, {}, record.text, 0});
  job.outcome->lost = record.state == JobState::failed && record.forget_token;
  if (job.run) {
    job.outcome->worker_id = job.run->worker_id;
    job.outcome->started_at = job.run->started_at;
  }
  job.run.reset();
  job.message.reset();
  if (!record.message.empty()) job.message = std::make_unique<std::string>(record.message);
  if (record.forget_token) job.token = {};
  table_.ended(job);
}

void JobQueue::apply(Job& job, const Requeued& record) {
  table_.set_state(job, JobState::queued);
  table_.set_timer(job, std::nullopt);
  job.held = record.held;
  job.not_before = record.not_before;
  job.backing_off = record.not_before != 0;
  if (record.counted) {
    const bool gave_up = record.forget_token && !job.run->anonymous;  // the original client is never asked
    keep_attempt(job, gave_up ? Attempt::End::failed : Attempt::End::lost, record.reason, record.at);
  } else {
    // Without a reason its reply was not written: nobody has had it.
    if (!record.reason.empty()) keep_attempt(job, Attempt::End::handed_back, record.reason, record.at);
    if (record.avoid_for != 0) {
      if (!job.avoid) job.avoid = std::make_unique<Avoidance>();
      job.avoid->gave_back({job.run->worker_id, record.at, record.avoid_for}, now_.steady);
    }
    if (job.attempt > 0) --job.attempt;
  }
  job.run.reset();
  job.given_up = record.forget_token && record.counted;
  if (record.forget_token && !record.counted) job.token = {};
  job.message.reset();
  if (!record.reason.empty()) job.message = std::make_unique<std::string>(record.reason);
  place(job);
}

void JobQueue::apply(Job& job, const CancelRequested&) {
  table_.set_state(job, JobState::cancelling);
  job.held = false;
}

void JobQueue::apply(Job& job, const Held& record) {
  job.held = record.held;
  if (job.waiting()) place(job);
}

void JobQueue::apply(Job& job, const Retried&) {
  keep_outcome(job);
  table_.not_ended(job);
  table_.set_state(job, JobState::queued);
  job.attempt = 0;
  job.held = false;
  job.irreversible = false;
  job.given_up = false;
  job.not_before = 0;
  job.backing_off = false;
  job.token = {};
  job.avoid.reset();
  job.outcome.reset();
  job.message.reset();
  place(job);
}

void JobQueue::apply(Job& job, const MarkedIrreversible&) {
  job.irreversible = true;
}

void JobQueue::apply(Job& job, const Bound& record) {
  job.run->worker_id = record.worker_id;
}

void JobQueue::apply(Job& job, const Kept& record) {
  table_.not_ended(job);
  table_.set_state(job, record.state);
  restore(job, record);
  if (job.run) job.kind->running.push_back(*job.run);
  if (is_terminal(job.state)) table_.ended(job);
}

// The document says it too, as that is what is shown and handed out.
void JobQueue::apply(Job& job, const Prioritized& record) {
  const auto passed_over = job.kind->passed_over;
  table_.unready(job);  // before the order among the ready changes
  job.rank += (record.priority - job.priority) * std::max<std::int64_t>(policy_.ageing.count(), 1);
  job.priority = static_cast<std::int8_t>(record.priority);
  job.prioritized = true;
  if (!job.document.empty()) {  // a compaction works without
    std::string document(job.document.view());
    set_member(document, "priority", std::to_string(record.priority));
    table_.set_document(job, SharedText(document));
  }
  if (job.waiting()) place(job);
  if (job.by_readiness.is_linked()) job.kind->passed_over = passed_over;  // it has waited all the same
}

void JobQueue::apply(Job& job, const Removed&) {
  table_.erase(job);
}

// Texts are handed their places in the order in which their jobs end: those are the youngest.
void JobQueue::history_lost(const HistoryLost& lost) {
  for (auto at = table_.ended().rbegin(); at != table_.ended().rend(); ++at) {
    const HistoryPlace& text = at->outcome->text;
    if (!text) continue;
    if (text.segment < lost.segment || (text.segment == lost.segment && text.offset < lost.begin)) return;
    if (text.segment != lost.segment || text.offset >= lost.end) continue;
    Job& job = *table_.find_order(at->order);
    table_.lose_text(job);
    const std::string said = job.message ? *job.message + " " : "";
    job.message = std::make_unique<std::string>(said + "(what else it said was not kept: the disk was full)");
  }
}

void JobQueue::apply(const Forgotten&) {
  // Of a journal that was damaged its end may be lost: then it is not there.
  if (Job* const oldest = table_.oldest_ended()) table_.erase(*oldest);
}

void JobQueue::apply(const Cleared& record) {
  for (auto at = table_.ordered().lower_bound(record.begin);
       at != table_.ordered().end() && at->order < record.end;) {
    Job& job = *at++;
    if (job.waiting()) table_.erase(job);
  }
}

}  // namespace sisyphus::queue
