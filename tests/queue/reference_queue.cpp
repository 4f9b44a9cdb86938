#include "tests/queue/reference_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sisyphus::queue {
namespace {

bool granted(const ReferenceQueue::Job& job) {
  return job.state == JobState::running || job.state == JobState::cancelling;
}

bool before(const ReferenceQueue::Job& a, const ReferenceQueue::Job& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.order < b.order;
}

}  // namespace

ReferenceQueue::Job* ReferenceQueue::find(const JobId& id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::optional<JobId> ReferenceQueue::find_key(const std::string& key) const {
  for (const auto& [id, job] : jobs_) {
    if (!key.empty() && job.key == key) return id;
  }
  return std::nullopt;
}

void ReferenceQueue::submit(const JobId& id, Job job, Now now) {
  job.order = next_order_++;
  jobs_[id] = std::move(job);
  time_has_come(now);
}

// ---- grants and leases

bool ReferenceQueue::may_be_granted(const Job& job, const std::string& worker, Now now) const {
  if (job.state != JobState::queued || job.held || job.irreversible) return false;
  const auto avoided = job.avoid.find(worker);
  if (avoided != job.avoid.end() && now.steady < avoided->second.until) return false;
  if (job.date && !job.date_passed) return false;
  return !job.backoff || job.backoff->first <= now.steady;
}

bool ReferenceQueue::must_be_granted(const Job& job, const std::string& worker, Now now) const {
  const bool due = (!job.date || *job.date <= now.wall) && (!job.backoff || job.backoff->last <= now.steady);
  return due && may_be_granted(job, worker, now);
}

// One that comes before it waits until the worker has enough free, and it would take of that. For how long
// that one has waited is not looked at here.
bool ReferenceQueue::may_be_held_back(const Job& job, const std::string& worker, const Offer& offer, Now now,
                                      const Offer& whole) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& entry) {
    const Job& first = entry.second;
    if (!may_be_granted(first, worker, now) || !before(first, job)) return false;
    if (fits(first.needs, offer) || !fits(first.needs, whole)) return false;
    return std::any_of(job.needs.resources.begin(), job.needs.resources.end(), [&](const auto& wanted) {
      const auto reserved = first.needs.resources.find(wanted.first);
      const double amount = reserved == first.needs.resources.end() ? 0 : reserved->second;
      return offer.resources.at(wanted.first) - amount < wanted.second;
    });
  });
}

// A job that should have been handed out instead of `given`, or besides it where that is null.
const JobId* ReferenceQueue::overlooked(const Job* given, const std::string& worker, const Offer& offer,
                                        Now now, const Offer& whole) const {
  for (const auto& [id, job] : jobs_) {
    if (&job == given || !must_be_granted(job, worker, now) || !fits(job.needs, offer)) continue;
    if (may_be_held_back(job, worker, offer, now, whole)) continue;
    if (given == nullptr || before(job, *given)) return &id;
  }
  return nullptr;
}

std::string ReferenceQueue::new_token(LeaseToken token) {
  if (token <= last_token_) {
    return fmt::format("I2: token {} was issued after {}", to_string(token), to_string(last_token_));
  }
  last_token_ = token;
  return "";
}

std::string ReferenceQueue::grant(const std::string& worker, const Offer& offer, std::size_t max,
                                  const std::vector<Grant>& given, Now now, const Offer& whole) {
  if (disabled_ && !given.empty()) return "a disabled queue handed out a job";
  if (given.size() > max) return "more jobs were handed out than asked for";
  Offer left = offer;
  for (const Grant& grant : given) {
    Job* const job = find(grant.id);
    if (job == nullptr) return "a job was handed out that is not there";
    if (!may_be_granted(*job, worker, now) || !fits(job->needs, left))
      return fmt::format("job {} was handed out, state {}", to_string(grant.id), to_string(shown(*job)));
    if (const JobId* const better = overlooked(job, worker, left, now, whole)) {
      return fmt::format("job {} was handed out before {}", to_string(grant.id), to_string(*better));
    }
    if (grant.attempt != job->attempt + 1 || grant.attempt > job->max_attempts) {
      return fmt::format("I7b: attempt {} of {} was begun after attempt {}", grant.attempt, job->max_attempts,
                         job->attempt);
    }
    job->state = JobState::running;
    job->attempt = grant.attempt;
    job->anonymous = worker.empty();
    job->worker = worker;
    job->token = grant.token;
    job->may_come_back = true;
    job->backoff.reset();
    job->date.reset();
    job->lease_end = now.steady + policy_.lease;
    if (!worker.empty()) {
      if (auto wrong = new_token(grant.token); !wrong.empty()) return wrong;
    }
    for (const auto& [name, amount] : job->needs.resources) left.resources[name] -= amount;
  }
  if (!disabled_ && given.size() < max) {
    if (const JobId* const better = overlooked(nullptr, worker, left, now, whole)) {
      return fmt::format("job {} was not handed out", to_string(*better));
    }
  }
  return "";
}

std::string ReferenceQueue::renew(const std::string& worker, const HeldLease& lease,
                                  const LeaseVerdict& verdict, Now now) {
  Job* const job = find(lease.id);
  Verdict expected = Verdict::stop;
  if (job != nullptr && !lease.token) {
    if (granted(*job) && job->anonymous && (job->worker.empty() || job->worker == worker)) {
      job->worker = worker;
      expected = Verdict::renewed;
    }
  } else if (job != nullptr && !job->anonymous && job->token == *lease.token) {
    if (granted(*job)) expected = job->state == JobState::running ? Verdict::renewed : Verdict::cancel;
    if (job->state == JobState::queued && job->may_come_back) expected = Verdict::adopted;
  }
  if (verdict.verdict != expected) {
    return fmt::format("a heartbeat for job {} was answered {}, expected {}", to_string(lease.id),
                       static_cast<int>(verdict.verdict), static_cast<int>(expected));
  }
  if (expected == Verdict::stop) return "";
  job->lease_end = now.steady + policy_.lease;
  if (expected != Verdict::adopted) return "";
  job->state = JobState::running;
  job->worker = worker;
  job->token = verdict.token;
  job->backoff.reset();
  job->date.reset();
  return new_token(verdict.token);
}

void ReferenceQueue::undelivered(const Grant& grant) {
  Job* const job = find(grant.id);
  if (job == nullptr || !granted(*job)) return;
  if (grant.token ? job->token != grant.token : !job->anonymous) return;
  if (job->state == JobState::cancelling) return end(*job, JobState::cancelled, false);
  wait(*job);
  --job->attempt;
  job->token = {};
}

void ReferenceQueue::wait(Job& job) {
  job.state = JobState::queued;
  job.worker.clear();
  job.anonymous = false;
}

void ReferenceQueue::back_off(Job& job, Now now) {
  wait(job);
  if (job.irreversible) return;  // it waits for its worker or for a person
  Millis delay = policy_.backoff_base;
  for (int i = 1; i < job.attempt && delay < policy_.backoff_cap; ++i) delay *= 2;
  delay = std::min(delay, policy_.backoff_cap);
  const Millis least = delay - delay / 4;
  const Millis most = delay + delay / 4;
  job.backoff = {now.steady + least, now.steady + most, now.wall + least, now.wall + most};
}

// ---- ends

void ReferenceQueue::end(Job& job, JobState state, bool forget_token) {
  job.state = state;
  job.held = false;
  job.worker.clear();
  job.said.reset();
  job.said_is_written = false;
  if (forget_token) job.token = {};
}

ReferenceQueue::Refusal ReferenceQueue::complete(const Completion& completion, Now now) {
  Job* const job = find(completion.id);
  if (job == nullptr) return Errc::not_found;
  bool again = completion.retryable && (job->attempt < job->max_attempts || job->irreversible);
  if (completion.token) {
    const bool current = job->token && !job->anonymous && job->token == *completion.token;
    if (!current) return Errc::stale_lease;
    if (is_terminal(job->state) || (job->state == JobState::queued && !job->may_come_back)) return {};
    if (job->state == JobState::queued) return Errc::stale_lease;
  } else {
    if (!granted(*job)) return Errc::not_found;
    if (!job->anonymous) return Errc::stale_lease;
    const bool other =
        !job->worker.empty() && !completion.worker_id.empty() && job->worker != completion.worker_id;
    if (other) return Errc::not_found;
    again = false;
  }
  if (job->state == JobState::cancelling) {
    end(*job, JobState::cancelled, false);
    job->said = HistoryText{completion.message, completion.info};
  } else if (!completion.failed) {
    end(*job, JobState::completed, false);
    job->said = HistoryText{"", completion.info};
  } else if (again) {
    back_off(*job, now);
    job->may_come_back = false;
  } else {
    end(*job, JobState::failed, false);
    job->said = HistoryText{completion.message, completion.info};
  }
  return {};
}

ReferenceQueue::Refusal ReferenceQueue::hand_back(const HandBack& back, Now now) {
  Job* const job = find(back.id);
  if (job == nullptr) return Errc::not_found;
  if (!granted(*job) || job->anonymous || job->token != back.token) return Errc::stale_lease;
  if (job->state == JobState::cancelling) {
    end(*job, JobState::cancelled, false);
    return {};
  }
  Job::Avoided& avoided = job->avoid[job->worker];
  wait(*job);
  --job->attempt;
  job->token = {};
  avoided.delay =
      avoided.delay == Millis(0) ? policy_.backoff_base : std::min(2 * avoided.delay, policy_.backoff_cap);
  avoided.until = now.steady + avoided.delay;
  avoided.since = now.wall;
  return {};
}

ReferenceQueue::Refusal ReferenceQueue::mark_irreversible(const JobId& id, LeaseToken token) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  if (!granted(*job) || job->anonymous || job->token != token) return Errc::stale_lease;
  if (job->state == JobState::cancelling) return Errc::conflict;
  job->irreversible = true;
  return {};
}

// ---- people

ReferenceQueue::Refusal ReferenceQueue::cancel(const JobId& id) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  if (is_terminal(job->state)) return Errc::conflict;
  if (job->state == JobState::queued) {
    end(*job, JobState::cancelled, true);
  } else if (job->anonymous) {
    end(*job, JobState::cancelled, false);
  } else {
    job->state = JobState::cancelling;
    job->held = false;
  }
  return {};
}

ReferenceQueue::Refusal ReferenceQueue::pause(const JobId& id) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  const bool can = job->state == JobState::queued || (job->state == JobState::running && !job->anonymous);
  if (!can) return Errc::conflict;
  job->held = true;
  return {};
}

ReferenceQueue::Refusal ReferenceQueue::resume(const JobId& id, Now now) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  if (shown(*job) != JobState::paused) return Errc::conflict;
  if (job->state == JobState::queued && job->irreversible) return Errc::conflict;
  job->held = false;
  time_has_come(now);
  return {};
}

std::string ReferenceQueue::retry(const JobId& id, const Result<JobState>& done, Now now) {
  Job* const job = find(id);
  if (job == nullptr) return done || done.error().code != Errc::not_found ? "an unknown job was retried" : "";
  const bool queued = job->state == JobState::queued;
  const bool ended = job->state == JobState::failed || job->state == JobState::cancelled;
  const bool avoided = std::any_of(job->avoid.begin(), job->avoid.end(),
                                   [&](const auto& entry) { return now.steady < entry.second.until; });
  const bool must = ended || (queued && avoided) ||
                    (queued && (job->held || job->irreversible || (job->date && !job->date_passed) ||
                                (job->backoff && now.steady < job->backoff->first)));
  const bool may =
      must ||
      (queued && ((job->date && now.wall < *job->date) || (job->backoff && now.steady < job->backoff->last)));
  if (done ? !may : must)
    return fmt::format("retry of job {} was {}", to_string(id), done ? "done" : done.error().detail);
  if (!done) return "";
  wait(*job);
  job->said.reset();
  job->attempt = 0;
  job->held = job->irreversible = false;
  job->token = {};
  job->backoff.reset();
  job->date.reset();
  job->avoid.clear();
  return "";
}

ReferenceQueue::Refusal ReferenceQueue::set_priority(const JobId& id, int priority) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  if (job->state != JobState::queued) return Errc::conflict;
  job->priority = priority;
  return {};
}

ReferenceQueue::Refusal ReferenceQueue::remove(const JobId& id) {
  Job* const job = find(id);
  if (job == nullptr) return Errc::not_found;
  if (granted(*job)) return cancel(id);
  jobs_.erase(id);
  return {};
}

void ReferenceQueue::clear() {
  std::erase_if(jobs_, [](const auto& entry) { return entry.second.state == JobState::queued; });
}

// ---- time

void ReferenceQueue::time_has_come(Now now) {
  for (auto& [id, job] : jobs_) {
    if (job.date && *job.date <= now.wall) job.date_passed = true;
    if (!granted(job) || now.steady < job.lease_end) continue;
    if (job.state == JobState::cancelling) {
      end(job, JobState::cancelled, true);
    } else if (!job.irreversible && job.attempt >= job.max_attempts) {
      end(job, JobState::failed, true);
    } else {
      back_off(job, now);
    }
  }
}

void ReferenceQueue::restarted(Now now) {
  const Millis most = policy_.backoff_cap + policy_.backoff_cap / 4;
  for (auto& [id, job] : jobs_) {
    for (auto& [worker, avoided] : job.avoid) {
      const Millis left = avoided.since + avoided.delay - now.wall;
      avoided.until = now.steady + std::clamp(left, Millis(0), avoided.delay);
    }
    job.date_passed = job.date && *job.date <= now.wall;
    if (granted(job)) job.lease_end = now.steady + policy_.lease;
    if (!job.backoff) continue;
    const auto left = [&](WallTime end) { return std::clamp(end - now.wall, Millis(0), most); };
    job.backoff->first = now.steady + left(job.backoff->wall_first);
    job.backoff->last = now.steady + left(job.backoff->wall_last);
  }
}

void ReferenceQueue::texts_written(bool all) {
  for (auto& [id, job] : jobs_) {
    if (!all && !job.said_is_written) job.said.reset();
    job.said_is_written = true;
  }
}

// ---- comparing

JobState ReferenceQueue::shown(const Job& job) const {
  const bool waits = job.state == JobState::queued;
  if ((waits && (job.held || job.irreversible)) || (job.state == JobState::running && job.held))
    return JobState::paused;
  return job.state;
}

std::string ReferenceQueue::difference(const JobQueue& queue, const ReadText& read) const {
  const JobPage page = queue.page({}, jobs_.size() + 1, "").value();
  std::size_t waiting = 0;
  for (const JobView& view : page.jobs) {
    const auto found = jobs_.find(view.id);
    if (found == jobs_.end()) return fmt::format("job {} came back from nowhere", to_string(view.id));
    const Job& job = found->second;
    if (job.state == JobState::queued) ++waiting;
    if (view.state != shown(job) || view.attempt != job.attempt) {
      return fmt::format("job {} (number {}) is {} with attempt {}, expected {} with {}", to_string(view.id),
                         job.order, to_string(view.state), view.attempt, to_string(shown(job)), job.attempt);
    }
    if (granted(job) && view.worker_id != job.worker) {
      return fmt::format("job {} is worker \"{}\"'s, expected \"{}\"'s", to_string(view.id), view.worker_id,
                         job.worker);
    }
    if (!job.said) continue;
    const auto said = read(view);
    if (!said || *said != *job.said) {
      return fmt::format("the text of job {} is not what its worker said: {}", to_string(view.id),
                         said ? said->message + said->info : said.error().detail);
    }
  }
  if (page.jobs.size() != jobs_.size()) {
    return fmt::format("I1: {} jobs are there, expected {}", page.jobs.size(), jobs_.size());
  }
  const QueueView view = queue.waiting(0);
  if (view.entries != waiting || view.disabled != disabled_) {
    return fmt::format("{} jobs wait and disabled is {}, expected {} and {}", view.entries, view.disabled,
                       waiting, disabled_);
  }
  return "";
}

}  // namespace sisyphus::queue
