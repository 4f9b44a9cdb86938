#pragma once

#include "queue/job_queue.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::queue {

// The promises of docs/reliability.md written down a second time, as plainly as can be: a map of jobs and one
// function for each thing that may happen to them. It shares no code with JobQueue, decides nothing about
// order and delays, and only says whether what JobQueue decided was allowed. Functions that may refuse return
// the expected error.
class ReferenceQueue {
 public:
  using Refusal = std::optional<Errc>;

  struct Job {
    std::uint64_t order = 0;
    Requirements needs;
    int priority = 0;
    int max_attempts = 3;
    std::string key;
    std::optional<WallTime> date;  // not before

    JobState state = JobState::queued;  // never `paused`
    bool held = false;
    bool irreversible = false;
    int attempt = 0;
    LeaseToken token;           // with which its worker may still say something
    bool may_come_back = true;  // with that token, after the lease was lost
    bool anonymous = false;
    std::string worker;
    SteadyTime lease_end{};
    bool date_passed = false;
    // The backoff ends somewhere between the two, on either clock: wall for the time over a restart.
    struct Backoff {
      SteadyTime first, last;
      WallTime wall_first, wall_last;
    };
    std::optional<Backoff> backoff;
    struct Avoided {
      SteadyTime until;
      Millis delay{0};
      WallTime since{};
    };
    std::map<std::string, Avoided> avoid;  // by worker
    std::optional<HistoryText> said;       // when it ended, where a worker said so
    bool said_is_written = false;
  };

  explicit ReferenceQueue(Policy policy) : policy_(policy) {}

  std::optional<JobId> find_key(const std::string& key) const;
  void submit(const JobId& id, Job job, Now now);
  // What is wrong with what JobQueue handed out; empty when all is well.
  std::string grant(const std::string& worker, const Offer& offer, std::size_t max,
                    const std::vector<Grant>& given, Now now, const Offer& whole);
  Refusal complete(const Completion& completion, Now now);
  Refusal hand_back(const HandBack& back, Now now);
  void undelivered(const Grant& grant);
  // `issued` is the token of the verdict, which may be a new one. What is wrong with it, or empty.
  std::string renew(const std::string& worker, const HeldLease& lease, const LeaseVerdict& verdict, Now now);
  Refusal mark_irreversible(const JobId& id, LeaseToken token);
  Refusal cancel(const JobId& id);
  Refusal pause(const JobId& id);
  Refusal resume(const JobId& id, Now now);
  // Whether a delay is over may be a matter of jitter: so `done` says what JobQueue did. What is wrong, or
  // empty.
  std::string retry(const JobId& id, const Result<JobState>& done, Now now);
  Refusal set_priority(const JobId& id, int priority);
  Refusal remove(const JobId& id);
  void clear();
  void set_disabled(bool disabled) { disabled_ = disabled; }
  void time_has_come(Now now);  // leases end, dates pass
  void restarted(Now now);
  // Those that ended since the last call have their texts in the history's files, or the disk was full.
  void texts_written(bool all);

  // The first job that JobQueue shows otherwise; empty when there is none. `read` gives what it says of a
  // finished job, from wherever it is.
  using ReadText = std::function<Result<HistoryText>(const JobView& view)>;
  std::string difference(const JobQueue& queue, const ReadText& read) const;
  const std::map<JobId, Job>& jobs() const { return jobs_; }

 private:
  Job* find(const JobId& id);
  bool may_be_granted(const Job& job, const std::string& worker, Now now) const;
  bool must_be_granted(const Job& job, const std::string& worker, Now now) const;
  const JobId* overlooked(const Job* given, const std::string& worker, const Offer& offer, Now now,
                          const Offer& whole) const;
  bool may_be_held_back(const Job& job, const std::string& worker, const Offer& offer, Now now,
                        const Offer& whole) const;
  std::string new_token(LeaseToken token);
  void wait(Job& job);
  void back_off(Job& job, Now now);
  void end(Job& job, JobState state, bool forget_token);
  JobState shown(const Job& job) const;

  Policy policy_;
  std::map<JobId, Job> jobs_;
  LeaseToken last_token_;
  std::uint64_t next_order_ = 0;
  bool disabled_ = false;
};

}  // namespace sisyphus::queue
