#pragma once

#include "core/clock.hpp"
#include "core/services.hpp"
#include "queue/history_format.hpp"
#include "queue/job_table.hpp"
#include "queue/record.hpp"
#include "queue/reservation.hpp"

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::queue {

struct Policy {
  Millis lease{60'000};
  Millis backoff_base{
      5'000};  // before the second attempt; doubled for each further one, jittered by a quarter
  Millis backoff_cap{600'000};
  std::size_t history = 10'000;  // finished jobs that stay readable
  Millis history_age{0};         // and how long they do; 0: as long as there is place
  std::uint64_t history_segment = HistorySpace::kSegment;  // bytes of a file with their texts
  Millis reserve_after{600'000};  // that a job is passed over before a worker puts aside what it needs
  Millis ageing{0};  // of waiting that counts as much as one more of priority; 0: age counts nothing
};

// Something that the outside learns once the change is in the journal.
struct Effect {
  enum class Kind { state, removed, cancel, pause, resume };
  Kind kind = Kind::state;
  JobId id{};
  JobState state = JobState::queued;
  std::uint32_t attempt = 0;
  bool unconfirmed = false;
  LeaseToken token;
  std::string worker_id;  // that runs it or ran it; for cancel, pause, resume: whom to tell
  std::string message;    // in brief
};

bool tell_of(const std::vector<Effect>& effects, const JobId& id);

// The queue: every rule of semantics.md about what may happen to a job, and nothing else. No I/O, no clock of
// its own, no threads: the actor that owns it says what time it is, writes the records it hands out, and only
// then answers and publishes. An operation either fails and changes nothing, or changes the state and adds
// records.
class JobQueue {
 public:
  // `seed` is for the jitter of backoffs.
  JobQueue(Policy policy, std::uint64_t seed);

  // Start: replay every record that the journal holds, then open().
  Result<void> replay(Record record);
  // A new epoch; running jobs get a fresh lease. New texts go behind `texts` in the history's files.
  void open(Now now, HistoryPlace texts = {1, kHistoryHeaderSize, 0});

  // What was changed since the last call.
  struct Changes {
    std::string records;  // encoded, to be written as they are
    std::size_t record_count = 0;
    std::vector<Effect> effects;
    HistoryWork history;

    void clear();  // keeps the memory for the next batch, but for that of a large one
  };
  void take_changes(Changes& into);  // whose memory is used again
  Changes take_changes();
  bool announces(const JobId& id) const { return tell_of(changes_.effects, id); }  // among those
  bool has_changes() const { return changes_.record_count != 0 || !changes_.effects.empty(); }

  // The ids in the order given; the id of an earlier job where an idempotency key is known.
  std::vector<JobId> submit(std::vector<JobDocument> documents, Now now);
  // `whole` is what the worker would offer if nothing ran there, where that is known.
  std::vector<Grant> grant(const std::string& worker_id, const Offer& offer, std::size_t max, Now now,
                           const Offer* whole = nullptr);
  void undelivered(const Grant& grant, Now now);
  Result<void> complete(const Completion& completion, Now now);
  Result<void> hand_back(const HandBack& job, Now now);
  LeaseVerdict renew(const std::string& worker_id, const HeldLease& lease, Now now);
  Result<void> mark_irreversible(const JobId& id, LeaseToken token);
  Result<JobState> cancel(const JobId& id, Now now);
  Result<JobState> pause(const JobId& id, Now now);
  Result<JobState> resume(const JobId& id, Now now);
  Result<JobState> retry(const JobId& id, Now now);
  Result<void> set_priority(const JobId& id, int priority, Now now);  // of a waiting job
  Result<void> remove(const JobId& id, Now now);
  void history_lost(const HistoryLost& lost);  // as the record in the journal says
  // Removes the waiting jobs of these numbers, a part of them at once: others want their turn. Where to go
  // on; `end` when all are gone.
  std::uint64_t clear(std::uint64_t begin, std::uint64_t end);
  void set_disabled(bool disabled);
  bool report_progress(const ProgressReport& report);  // false: passed over, the token is not the current one

  // Leases that ran out, delays that are over, finished jobs that are too old. Call when next_deadline() has
  // come.
  void tick(Now now);
  std::optional<SteadyTime> next_deadline() const;

  bool disabled() const { return disabled_; }
  std::uint32_t epoch() const { return epoch_; }
  bool has_ready() const { return !table_.ready_empty(); }
  // Whether a poll that found nothing may find something now: asked after each change.
  bool take_news() { return table_.take_news(); }
  void bring_news() { table_.bring_news(); }  // somebody may be granted jobs who might not before
  Result<JobView> view(const JobId& id) const;
  QueueView waiting(std::size_t limit) const;
  Result<JobPage> page(std::optional<JobState> state, std::size_t limit, std::string_view cursor) const;
  const Requirements* needs(const JobId& id) const;  // null for an unknown job
  Running running() const;
  // Where the message, in full, and the info of a finished job are: a view has the one in brief.
  HistoryPlace text_of(const JobId& id) const;
  std::optional<std::string_view> unwritten_text(const HistoryPlace& place) const {
    return table_.history().unwritten(place);
  }
  std::size_t size() const { return table_.size(); }

  // For snapshots and statistics: what the records made.
  const JobTable& table() const { return table_; }
  std::uint64_t next_order() const { return next_order_; }
  std::uint64_t live_bytes() const;  // about what the journal would be if it held nothing else

 private:
  // What each record does to the state; the only places that change it. Used live and in replay.
  void apply(Submitted record);
  void apply(Job& job, const Granted& record);
  void apply(Job& job, const Finished& record);
  void apply(Job& job, const Requeued& record);
  void apply(Job& job, const CancelRequested& record);
  void apply(Job& job, const Held& record);
  void apply(Job& job, const Retried& record);
  void apply(Job& job, const MarkedIrreversible& record);
  void apply(Job& job, const Kept& record);
  void apply(Job& job, const Removed& record);
  void apply(Job& job, const Bound& record);
  void apply(Job& job, const Prioritized& record);
  void apply(const Cleared& record);
  void apply(const Forgotten& record);

  template <class R>
  void commit(Job& job, R record);  // record it, apply it, announce the job's new state
  void remember(const Record& record);
  void announce(Effect::Kind kind, const Job& job);
  // The jobs that come first: of those that fit, and of those that would if nothing ran there.
  struct Heads {
    Job* fitting = nullptr;
    Job* hindered = nullptr;
  };
  Heads heads_for(const std::string& worker_id, const Offer& offer, const Offer* whole);
  Job* next_for(const std::string& worker_id, const Offer& offer, const Offer* whole);
  std::int64_t rank_of(const Job& job) const;
  Grant grant_to(Job& job, const std::string& worker_id, std::uint32_t attempt);
  static Error no_such_job(const JobId& id);
  void finish(Job& job, JobState state, Finished end, std::string_view info = {});
  void try_again(Job& job, std::string reason, bool forget_token);
  Result<void> complete_without_token(Job& job, const Completion& completion);
  void settle(Job& job, const Completion& completion, bool may_retry);
  void lease_lost(Job& job);
  void place(Job& job);
  void forget_oldest();
  void forget_surplus();
  void forget_old();
  std::optional<SteadyTime> next_forgetting() const;
  void renew_timer(Job& job);
  std::int64_t backoff_until(std::uint32_t attempt);
  std::int64_t longest_backoff() const;
  void set_now(Now now);
  std::int64_t wall() const { return now_.wall.time_since_epoch().count(); }
  JobView make_view(const Job& job, bool with_document) const;

  Policy policy_;
  std::minstd_rand random_;
  JobTable table_;
  Changes changes_;
  Now now_{};                     // of the operation that is being done
  Millis wall_ahead_{};           // of the steady clock; another value means that the wall clock was set
  SteadyTime forgetting_from_{};  // not before is a job too old: the clock may be wrong
  bool open_ = false;             // false in replay: nothing has a timer, nobody is told
  std::uint32_t epoch_ = 0;
  std::uint64_t next_token_ = 1;
  std::uint64_t next_order_ = 1;
  bool disabled_ = false;
};

template <class R>
void JobQueue::commit(Job& job, R record) {
  remember(record);
  apply(job, record);
  announce(Effect::Kind::state, job);
}

}  // namespace sisyphus::queue
