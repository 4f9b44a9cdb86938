#include "queue/job_queue.hpp"

#include <algorithm>

// What the passing of time does, and a clock that was set: leases, delays, and how long the history is.
namespace sisyphus::queue {
namespace {

constexpr Millis kClockJump{1'000};  // less is drift, which backoffs may follow
// A clock that was set by so much may be wrong, and for so long it may be set right again before anything is
// forgotten that it says is too old.
constexpr Millis kDoubt{3'600'000};

Millis wall_ahead(Now now) {
  return std::chrono::duration_cast<Millis>(now.wall.time_since_epoch() - now.steady.time_since_epoch());
}

}  // namespace

void JobQueue::open(Now now, HistoryPlace texts) {
  now_ = now;
  table_.history().begin_at(texts);
  forgetting_from_ = now.steady + kDoubt;
  wall_ahead_ = wall_ahead(now);
  open_ = true;
  ++epoch_;
  next_token_ = 1;
  remember(Started{epoch_});
  for (Job& job : table_.ordered()) {
    // The clock may have been set back meanwhile, by years even: no backoff is longer than it can have been.
    if (job.backing_off) job.not_before = std::min(job.not_before, wall() + longest_backoff());
    if (job.avoid) job.avoid->reopen(now);
    if (job.waiting()) place(job);
    if (job.granted()) renew_timer(job);
  }
  forget_surplus();
}

// Leases and backoffs go by the steady clock. A date that somebody asked for goes by the wall clock: when
// that was set, jobs with a date are looked at again, and the others keep what is left of their backoff.
void JobQueue::set_now(Now now) {
  now_ = now;
  const Millis jump = wall_ahead(now) - wall_ahead_;
  if (std::chrono::abs(jump) < kClockJump) return;
  wall_ahead_ += jump;
  if (std::chrono::abs(jump) >= kDoubt) forgetting_from_ = now.steady + kDoubt;
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
  forget_old();
}

std::optional<SteadyTime> JobQueue::next_deadline() const {
  const auto timer = table_.next_timer();
  const auto forgetting = next_forgetting();
  if (!timer || !forgetting) return timer ? timer : forgetting;
  return std::min(*timer, *forgetting);
}

// What was forgotten is so by a record of its own: what a journal holds hangs on no setting and no clock.
void JobQueue::forget_oldest() {
  remember(Forgotten{});
  apply(Forgotten{});
}

void JobQueue::forget_surplus() {
  // One stays always: the job that has ended just now.
  while (table_.ended_count() > std::max<std::size_t>(policy_.history, 1)) forget_oldest();
}

std::optional<SteadyTime> JobQueue::next_forgetting() const {
  if (policy_.history_age == Millis(0) || table_.ended().empty()) return std::nullopt;
  const Millis left(table_.ended().front().outcome->at + policy_.history_age.count() - wall());
  return std::max(forgetting_from_, now_.steady + left);
}

void JobQueue::forget_old() {
  constexpr int kAtOnce = 1000;  // the next ones when others had their turn
  for (int i = 0; i < kAtOnce; ++i) {
    const auto when = next_forgetting();
    if (!when || *when > now_.steady) return;
    forget_oldest();
  }
}

}  // namespace sisyphus::queue
