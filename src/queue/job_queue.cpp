#include "queue/job_queue.hpp"

#include "queue/attempts.hpp"
#include "queue/kept_job.hpp"
#include "queue/reservation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sisyphus::queue {
namespace {

Error no_such_job(const JobId& id) {
  return not_found(fmt::format("there is no job {}", to_string(id)));
}

Error conflict(std::string detail) {
  return {Errc::conflict, std::move(detail), {}};
}

JobState shown_state(const Job& job) {
  const bool held = job.blocked() || (job.held && job.state == JobState::running);
  return held ? JobState::paused : job.state;
}

constexpr Millis kClockJump{1'000};  // less is drift, which backoffs may follow

Millis wall_ahead(Now now) {
  return std::chrono::duration_cast<Millis>(now.wall.time_since_epoch() - now.steady.time_since_epoch());
}

std::optional<WallTime> wall_time(std::int64_t at) {
  if (at == 0) return std::nullopt;
  return WallTime(Millis(at));
}

}  // namespace

JobQueue::JobQueue(Policy policy, std::uint64_t seed)
    : policy_(policy), random_(static_cast<std::minstd_rand::result_type>(seed)) {}

// ---- replay
// ---------------------------------------------------------------------------------------------------

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
  if (std::holds_alternative<Cleared>(record)) {
    apply_cleared();
    return {};
  }
  if (const auto* attributes = std::get_if<QueueAttributes>(&record)) {
    disabled_ = attributes->disabled;
    return {};
  }
  return std::visit(
      [this](const auto& r) -> Result<void> {
        if constexpr (requires { apply(std::declval<Job&>(), r); }) {
          Job* const job = table_.find_order(r.order);
          // The history is bounded: a job may have left it here and be named by a later record all the same.
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

void JobQueue::open(Now now) {
  now_ = now;
  wall_ahead_ = wall_ahead(now);
  open_ = true;
  ++epoch_;
  next_token_ = 1;
  remember(Started{epoch_});
  for (Job& job : table_.ordered()) {
    // The clock may have been set back meanwhile, by years even: no backoff is longer than it can have been.
    if (job.backing_off) job.not_before = std::min(job.not_before, wall() + longest_backoff());
    if (job.waiting()) place(job);
    if (job.granted()) renew_timer(job);
  }
}

// ---- operations
// -----------------------------------------------------------------------------------------------

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
  Offer left = offer;
  while (!disabled_ && grants.size() < max) {
    Job* const job = next_for(worker_id, left, whole);
    if (job == nullptr) break;
    for (const auto& [name, amount] : job->kind->needs.resources) left.resources[name] -= amount;
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
    finish(job, JobState::cancelled, {.message = completion.message, .info = completion.info});
  } else if (!completion.failed) {
    finish(job, JobState::completed, {.info = completion.info});
  } else if (may_retry && completion.retryable && (job.irreversible || job.attempt < job.max_attempts)) {
    try_again(job, completion.message, true);
  } else {
    finish(job, JobState::failed, {.message = completion.message, .info = completion.info});
  }
}

Result<void> JobQueue::hand_back(const std::string& worker_id, const HandBack& back, Now now) {
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
                  .reason = back.reason,
                  .at = wall()};
  if (job->irreversible) record.reason += "; it has changed files already: look, then retry or cancel it";
  commit(*job, std::move(record));
  if (!job->avoid) job->avoid = std::make_unique<Avoidance>();
  job->avoid->gave_back(worker_id, now_.steady, policy_.backoff_base, policy_.backoff_cap);
  place(*job);
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
  return shown_state(*job);
}

Result<JobState> JobQueue::resume(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  if (shown_state(*job) != JobState::paused)
    return conflict(fmt::format("job {} is not paused", to_string(id)));
  if (job->waiting() && job->irreversible) {
    return conflict(fmt::format("job {} has changed files already: look, then retry it", to_string(id)));
  }
  commit(*job, Held{job->order, false});
  if (job->granted()) announce(Effect::Kind::resume, *job);
  return shown_state(*job);
}

Result<JobState> JobQueue::retry(const JobId& id, Now now) {
  set_now(now);
  Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  const bool delayed = job->not_before != 0 || (job->avoid && job->avoid->holds(now_.steady));
  const bool stuck = job->blocked() || (job->waiting() && delayed);
  if (!stuck && job->state != JobState::failed && job->state != JobState::cancelled) {
    return conflict(fmt::format("job {} is {}: only a failed, cancelled or held one is retried",
                                to_string(id), to_string(shown_state(*job))));
  }
  commit(*job, Retried{job->order});
  return shown_state(*job);
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
  apply(*job, record);
  return {};
}

void JobQueue::clear() {
  for (const Job& job : table_.ordered()) {
    if (job.waiting()) announce(Effect::Kind::removed, job);
  }
  remember(Cleared{});
  apply_cleared();
}

void JobQueue::set_disabled(bool disabled) {
  disabled_ = disabled;
  remember(QueueAttributes{disabled});
}

bool JobQueue::report_progress(const ProgressReport& report) {
  Job* const job = table_.find(report.id);
  if (job == nullptr || !job->granted() || job->token != report.token) return false;
  job->run->progress = report.members;
  return true;
}

// Leases and backoffs go by the steady clock. A date that somebody asked for goes by the wall clock: when
// that was set, jobs with a date are looked at again, and the others keep what is left of their backoff.
void JobQueue::set_now(Now now) {
  now_ = now;
  const Millis jump = wall_ahead(now) - wall_ahead_;
  if (std::chrono::abs(jump) < kClockJump) return;
  wall_ahead_ += jump;
  for (Job& job : table_.ordered()) {
    if (!job.waiting() || job.not_before == 0) continue;
    if (job.backing_off) {
      job.not_before += jump.count();
    } else {
      place(job);
    }
  }
}

void JobQueue::tick(Now now) {
  set_now(now);
  while (Job* const job = table_.due(now.steady)) {
    if (job->granted()) {
      lease_lost(*job);
    } else {
      place(*job);
    }
  }
}

std::optional<SteadyTime> JobQueue::next_deadline() const {
  return table_.next_timer();
}

JobQueue::Changes JobQueue::take_changes() {
  return std::exchange(changes_, {});
}

// ---- decisions
// ------------------------------------------------------------------------------------------------

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
  const auto added = added_at(job.document);
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

void JobQueue::finish(Job& job, JobState state, Finished end) {
  end.order = job.order;
  end.state = state;
  end.at = wall();
  commit(job, std::move(end));
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
                  .reason = std::move(reason),
                  .at = wall()};
  if (job.irreversible) {
    record.reason += "; it has changed files already: it waits for that worker, or for a retry";
  } else {
    record.not_before = backoff_until(job.attempt);
  }
  commit(job, std::move(record));
}

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

// ---- what records do
// ------------------------------------------------------------------------------------------

void JobQueue::remember(const Record& record) {
  encode(record, changes_.records);
  ++changes_.record_count;
}

template <class R>
void JobQueue::commit(Job& job, R record) {
  remember(record);
  apply(job, record);
  announce(Effect::Kind::state, job);
}

void JobQueue::announce(Effect::Kind kind, const Job& job) {
  Effect& effect = changes_.effects.emplace_back();
  effect.kind = kind;
  effect.id = job.id;
  effect.state = shown_state(job);
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
  job->document = std::move(record.document);
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
  job.kind->passed_over.reset();
  table_.set_state(job, JobState::running);
  job.token = record.token;
  job.attempt = record.attempt;
  job.not_before = 0;
  job.backing_off = false;
  job.given_up = false;
  job.message.reset();
  job.run = std::make_unique<Run>(Run{record.worker_id, record.anonymous, began, {}});
  renew_timer(job);
}

void JobQueue::apply(Job& job, const Finished& record) {
  table_.unready(job);
  table_.set_timer(job, std::nullopt);
  table_.set_state(job, record.state);
  job.held = false;
  job.avoid.reset();
  job.outcome = std::make_unique<Outcome>(Outcome{record.at, record.unconfirmed, false, {}, record.info, 0});
  job.outcome->lost = record.state == JobState::failed && record.forget_token;
  if (job.run) {
    job.outcome->worker_id = job.run->worker_id;
    job.outcome->started_at = job.run->started_at;
  }
  job.run.reset();
  job.message.reset();
  if (!record.message.empty()) job.message = std::make_unique<std::string>(record.message);
  if (record.forget_token) job.token = {};
  into_history(job);
}

void JobQueue::into_history(Job& job) {
  table_.ended(job);
  if (table_.ended_count() > policy_.history) {
    if (Job* const oldest = table_.oldest_ended(); oldest != &job) table_.erase(*oldest);
  }
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
  table_.set_state(job, record.state);
  restore(job, record);
  if (is_terminal(job.state)) into_history(job);
}

void JobQueue::apply(Job& job, const Removed&) {
  table_.erase(job);
}

void JobQueue::apply_cleared() {
  for (auto at = table_.ordered().begin(); at != table_.ordered().end();) {
    Job& job = *at++;
    if (job.waiting()) table_.erase(job);
  }
}

// ---- views
// ----------------------------------------------------------------------------------------------------

JobView JobQueue::make_view(const Job& job, bool with_document) const {
  JobView view;
  view.id = job.id;
  view.state = shown_state(job);
  view.priority = job.priority;
  view.attempt = static_cast<int>(job.attempt);
  view.max_attempts = job.max_attempts;
  if (job.run) {
    view.worker_id = job.run->worker_id;
    view.progress = job.run->progress;
    view.started_at = wall_time(job.run->started_at);
  }
  if (job.outcome) {
    view.worker_id = job.outcome->worker_id;
    view.unconfirmed = job.outcome->unconfirmed;
    view.started_at = wall_time(job.outcome->started_at);
    view.finished_at = wall_time(job.outcome->at);
    view.info = job.outcome->info;
  }
  if (job.message) view.message = *job.message;
  if (job.waiting() && job.not_before != 0 && !job.blocked()) {
    view.waiting_for = "its time: not before " + rfc3339(WallTime(Millis(job.not_before)));
  }
  if (!with_document) return view;
  view.attempts = attempts_of(job);
  view.document = job.document;
  if (auto spec = read_stored_spec(job.document)) {
    view.title = std::move(spec->title);
    view.modules = std::move(spec->needs.modules);
  }
  return view;
}

Result<JobView> JobQueue::view(const JobId& id) const {
  const Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  return make_view(*job, true);
}

std::uint64_t JobQueue::live_bytes() const {
  constexpr std::uint64_t kBeside = 64;  // about what a waiting job's record takes beside its document
  return table_.document_bytes() + kBeside * table_.size();
}

const Requirements* JobQueue::needs(const JobId& id) const {
  const Job* const job = table_.find(id);
  return job == nullptr ? nullptr : &job->kind->needs;
}

QueueView JobQueue::waiting(std::size_t limit) const {
  QueueView view{{}, table_.waiting_count(), disabled_};
  std::vector<std::pair<JobClass::Ready::const_iterator, JobClass::Ready::const_iterator>> heads;
  for (const auto& [needs, kind] : table_.classes()) {
    if (!kind.ready.empty()) heads.emplace_back(kind.ready.begin(), kind.ready.end());
  }
  while (view.documents.size() < limit && !heads.empty()) {
    const auto next = std::min_element(heads.begin(), heads.end(), [](const auto& a, const auto& b) {
      return JobClass::Before()(*a.first, *b.first);
    });
    view.documents.push_back(next->first->document);
    if (++next->first == next->second) heads.erase(next);
  }
  const bool others = table_.waiting_count() > view.documents.size();
  for (auto at = table_.ordered().begin();
       others && view.documents.size() < limit && at != table_.ordered().end(); ++at) {
    if (at->waiting() && !at->by_readiness.is_linked()) view.documents.push_back(at->document);
  }
  return view;
}

Result<JobPage> JobQueue::page(std::optional<JobState> state, std::size_t limit,
                               std::string_view cursor) const {
  JobPage page;
  auto at = table_.ordered().end();
  if (!cursor.empty()) {
    std::uint64_t order = 0;
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), order);
    if (error != std::errc() || end != cursor.data() + cursor.size()) {
      return invalid("cursor must be one that an earlier page gave");
    }
    at = table_.ordered().lower_bound(order);
  }
  while (at != table_.ordered().begin()) {
    --at;
    if (state && shown_state(*at) != *state) continue;
    if (page.jobs.size() == limit) {
      page.next_cursor = std::to_string(std::next(at)->order);
      break;
    }
    page.jobs.push_back(make_view(*at, true));
  }
  return page;
}

}  // namespace sisyphus::queue
