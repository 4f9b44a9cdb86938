#pragma once

#include "core/clock.hpp"
#include "core/job.hpp"
#include "core/shared_text.hpp"
#include "queue/avoidance.hpp"
#include "queue/history_space.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::queue {

struct JobClass;

// What is known of a grant that runs.
struct Run {
  std::string worker_id;   // empty: the original client that no heartbeat has named yet
  bool anonymous = false;  // granted without a token
  std::int64_t started_at = 0;
  std::string progress;  // JSON members, not kept over a restart
  using InClass = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;  // gone with the run
  InClass in_class{};
};

// How a job ended.
struct Outcome {
  std::int64_t at = 0;
  bool unconfirmed = false;
  bool lost = false;  // failed, because its worker was not heard on the last attempt
  std::string worker_id;
  HistoryPlace text;  // what more there is to say
  std::int64_t started_at = 0;
};

// A job as the queue keeps it: its text and the few facts that dispatch needs.
struct Job {
  boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>> by_order;
  boost::intrusive::set_member_hook<boost::intrusive::optimize_size<true>> by_readiness;
  boost::intrusive::list_member_hook<> by_end;

  JobId id{};
  std::uint64_t order = 0;
  SharedText document;
  JobClass* kind = nullptr;
  LeaseToken token;                 // of the last grant; kept when it is over, for repeats and re-adoption
  std::optional<SteadyTime> timer;  // lease end while it runs, end of the delay while it waits
  std::int64_t not_before = 0;      // wall clock, 0: at once
  std::uint32_t attempt = 0;
  std::uint16_t max_attempts = 3;
  std::int8_t priority = 0;
  std::int64_t rank = 0;              // a higher one goes first: the priority, or that and the age
  JobState state = JobState::queued;  // never `paused`: that is `held`
  bool held = false;
  bool irreversible = false;
  bool prioritized = false;  // since it was submitted
  bool backing_off = false;  // `not_before` is the end of a backoff, not a date that somebody asked for
  bool given_up = false;     // waits because its worker said that it failed: no coming back with `token`
  std::unique_ptr<Run> run;  // while running or cancelling
  std::unique_ptr<Outcome> outcome;            // when finished
  std::unique_ptr<std::string> message;        // why it failed, is held or waits; kBrief bytes at most
  std::unique_ptr<std::vector<Attempt>> past;  // the last few attempts that did not end the job, oldest first
  std::unique_ptr<Avoidance> avoid;            // since a worker gave it back
  std::unique_ptr<std::string> idempotency_key;

  bool waiting() const { return state == JobState::queued; }
  bool blocked() const { return waiting() && (held || irreversible); }  // not granted until a person says so
  JobState shown_state() const {                                        // as the outside sees it
    return blocked() || (held && state == JobState::running) ? JobState::paused : state;
  }
  bool granted() const { return state == JobState::running || state == JobState::cancelling; }
};

// Jobs that ask for the same things, so that one look tells whether a worker can take any of them.
struct JobClass {
  struct Before {  // next first
    bool operator()(const Job& a, const Job& b) const {
      return a.rank != b.rank ? a.rank > b.rank : a.order < b.order;
    }
  };
  using Ready = boost::intrusive::set<
      Job, boost::intrusive::member_hook<Job, decltype(Job::by_readiness), &Job::by_readiness>,
      boost::intrusive::compare<Before>>;

  using Runs = boost::intrusive::list<Run, boost::intrusive::member_hook<Run, Run::InClass, &Run::in_class>,
                                      boost::intrusive::constant_time_size<false>>;

  Requirements needs;
  Ready ready;
  Runs running;
  // Since when its first job is passed over: it would fit a worker that has too much else to do, and a job
  // that comes after it was granted there. Until one of the class is granted or none is ready.
  std::optional<SteadyTime> passed_over;
};

// All jobs and the indexes over them. Owns the jobs; keeps the indexes in step; knows no rules.
class JobTable {
 public:
  explicit JobTable(std::uint64_t history_segment) : history_(history_segment) {}
  ~JobTable();
  Job& insert(std::unique_ptr<Job> job, Requirements needs);
  void erase(Job& job);

  Job* find(const JobId& id) const;
  Job* find_order(std::uint64_t order);
  const Job* find_order(std::uint64_t order) const;
  Job* find_key(std::string_view idempotency_key) const;
  std::size_t size() const { return by_id_.size(); }
  std::uint64_t document_bytes() const { return document_bytes_; }  // of all jobs

  void make_ready(Job& job);
  void unready(Job& job);  // harmless when it is not
  bool ready_empty() const { return ready_count_ == 0; }
  // Nothing is kept free for the jobs of this class any more.
  void not_passed_over(JobClass& kind);
  // Whether, since the last call, a poll that found nothing may find something: a job became ready, or others
  // are not held back for it any more.
  bool take_news() { return std::exchange(news_, false); }
  void bring_news() { news_ = true; }
  std::size_t waiting_count() const { return waiting_count_; }
  void set_state(Job& job, JobState state);
  void set_document(Job& job, SharedText document);

  void set_timer(Job& job, std::optional<SteadyTime> when);
  std::optional<SteadyTime> next_timer() const;
  Job* due(SteadyTime now);  // one whose time has come, its timer cleared; null when there is none

  void ended(Job& job);  // puts it at the young end of the history
  void not_ended(Job& job);
  Job* oldest_ended();
  std::size_t ended_count() const { return ended_.size(); }
  using Ended =
      boost::intrusive::list<Job, boost::intrusive::member_hook<Job, decltype(Job::by_end), &Job::by_end>>;
  const Ended& ended() const { return ended_; }  // the first to end is the first
  void lose_text(Job& job);                      // of one that ended: it is nowhere
  HistorySpace& history() { return history_; }   // knows which texts the ended ones have
  const HistorySpace& history() const { return history_; }

  struct ByOrder {
    bool operator()(const Job& a, const Job& b) const { return a.order < b.order; }
  };
  struct OrderOf {
    using type = std::uint64_t;
    type operator()(const Job& job) const { return job.order; }
  };
  using Ordered =
      boost::intrusive::set<Job, boost::intrusive::member_hook<Job, decltype(Job::by_order), &Job::by_order>,
                            boost::intrusive::key_of_value<OrderOf>>;
  const Ordered& ordered() const { return ordered_; }
  Ordered& ordered() { return ordered_; }
  std::map<Requirements, JobClass>& classes() { return classes_; }
  const std::map<Requirements, JobClass>& classes() const { return classes_; }

 private:
  struct ById {  // hash and equality
    using is_transparent = void;
    std::size_t operator()(const JobId& id) const;
    std::size_t operator()(const std::unique_ptr<Job>& job) const { return (*this)(job->id); }
    static const JobId& key(const JobId& id) { return id; }
    static const JobId& key(const std::unique_ptr<Job>& job) { return job->id; }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };
  struct ByKey {
    using is_transparent = void;
    static std::string_view key(std::string_view key) { return key; }
    static std::string_view key(const Job* job) { return *job->idempotency_key; }
    std::size_t operator()(const auto& one) const { return std::hash<std::string_view>()(key(one)); }
    bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
  };

  boost::unordered_flat_set<std::unique_ptr<Job>, ById, ById> by_id_;
  boost::unordered_flat_set<Job*, ByKey, ByKey> by_key_;
  Ordered ordered_;
  Ended ended_;
  HistorySpace history_;
  std::map<Requirements, JobClass> classes_;
  std::set<std::pair<SteadyTime, Job*>> timers_;
  std::size_t ready_count_ = 0;
  bool news_ = false;
  std::size_t waiting_count_ = 0;
  std::uint64_t document_bytes_ = 0;
};

}  // namespace sisyphus::queue
