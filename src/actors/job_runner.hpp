#pragma once

#include "actors/job_log.hpp"
#include "actors/job_planner.hpp"
#include "actors/job_progress.hpp"
#include "actors/pausable_timer.hpp"
#include "actors/subprocess.hpp"
#include "actors/worker_state.hpp"
#include "core/bell.hpp"
#include "core/clock.hpp"
#include "core/file_transfer.hpp"
#include "core/ids.hpp"
#include "core/progress.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace sisyphus::actors {

class Staging;

// Why a job that runs is to stop.
enum class StopReason {
  none,
  cancel,        // somebody cancelled it
  hand_back,     // this worker stops, or has no room for it
  abandon,       // the server gave it to somebody else, or does not know it
  timeout,       // its own timeout_s is over
  task_timeout,  // that of a task's module is
};

// How a job's run ended, for the server.
struct JobEnd {
  enum class Kind { completed, failed, stopped };
  Kind kind = Kind::failed;
  StopReason stopped_for = StopReason::none;
  bool retryable = false;  // another attempt may go better: death by signal, a full disk
  std::string message;     // why it failed, or is handed back
  std::string module;      // of the task that failed
  std::string error_tail;  // the last lines of its tool's standard error
  std::string log_tail;    // the last lines that the tools said; fewer where all went well
  std::vector<std::string> outputs;
  std::vector<std::string> warnings;  // of the tools, and of the modules about the job
  boost::json::array results;         // of the tasks that found something out: task (its index), module, …
  bool stuck = false;                 // a process could not be killed: this worker must not go on
};

// The lease of a running job, as the worker knows it. Without one (the original's server) it is always live.
struct Lease {
  LeaseToken token;
  SteadyTime until = SteadyTime::max();
  bool live(SteadyTime now) const { return now < until; }
};

struct JobRequest {
  JobId id{};
  int attempt = 1;
  Lease lease;
  boost::json::object document;
  std::map<std::string, double> resources;  // that it holds, until it has ended
};

// What a runner needs of the worker it runs in. All outlive it.
struct RunnerContext {
  asio::any_io_executor executor;
  asio::thread_pool& file_pool;
  JobPlanner& planner;
  WorkerState& state;
  std::string working_directory;
  std::chrono::milliseconds grace;
  // Asks the server to note that the job is about to destroy something; true when it has, or need not.
  std::function<asio::awaitable<Result<void>>(JobId, LeaseToken)> mark_irreversible;
  std::function<void()> on_change;          // progress or task changed
  std::map<std::string, double> resources;  // that the worker has
  ChildLimits limits;
  std::uint64_t min_free = 0;  // bytes that the disks a job writes to must have; 0: not looked at
  std::function<asio::awaitable<bool>()> send_progress;  // what changed last, without waiting for its turn
};

// One job from its grant to its end: initialize and validate all tasks, run them in order, clean up. An actor
// on the worker's loop; the worker owns it and its coroutine. Reporting the end is the worker's.
class JobRunner {
 public:
  JobRunner(RunnerContext context, JobRequest request);
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;

  asio::awaitable<JobEnd> run();

  // Orders; any time, from the loop.
  void stop(StopReason reason);  // the first reason counts, but `abandon` overrides
  void kill();                   // at once, whatever runs
  void pause();
  void resume();
  void renewed(LeaseToken token, SteadyTime until);

  // For heartbeat and progress.
  const JobId& id() const { return request_.id; }
  const std::string& title() const { return title_; }
  const Lease& lease() const { return request_.lease; }
  StopReason stop_reason() const { return stop_reason_; }
  Bell& changed() { return changed_; }  // rings when the lease was renewed or a stop was asked for
  const std::string& task() const { return task_; }
  std::size_t task_index() const { return task_index_; }
  std::size_t task_count() const { return task_count_; }
  const Progress& progress() const { return progress_; }
  double job_percent() const { return job_progress_.percent(); }
  std::optional<double> job_eta_s() const;
  bool take_dirty() { return std::exchange(dirty_, false); }
  int attempt() const { return request_.attempt; }
  const std::map<std::string, double>& resources() const { return request_.resources; }  // that it holds

  // What its tools said, until close_log(), which makes one file of it: after run().
  JobLog& log() { return *log_; }
  bool logs() const { return log_.has_value(); }
  void close_log() { log_.reset(); }

 private:
  asio::awaitable<JobEnd> run_tasks(boost::json::array tasks);
  asio::awaitable<std::optional<JobEnd>> run_task(const PlannedTask& task);
  asio::awaitable<std::optional<JobEnd>> run_program(const modules::Module& module,
                                                     const modules::Plan& plan);
  asio::awaitable<std::optional<JobEnd>> change_files(const modules::Plan& plan);
  Result<void> prepare(Staging& staging);
  asio::awaitable<bool> may_change();     // waits for the end of a pause and for the lease
  asio::awaitable<bool> lease_is_live();  // waits for it; false when the job is to stop instead
  asio::awaitable<void> wait_while_paused();
  void remember_lease(LeaseToken token);
  void start_timeout(const boost::json::object& document);
  void set_progress(Progress progress);
  void note_warning(const std::string& text);
  void note_results(std::size_t index, const PlannedTask& task);  // of its planning
  void note_results(std::size_t index, const std::string& module, const boost::json::object& results);
  JobPlanner::Context plan_context() const;
  std::string task_label() const;
  JobEnd failure(std::string message) const;
  JobEnd failure(const Error& error) const;
  // Of these tasks, planned, of which the first has the index `first`; nothing when they have no problems.
  std::optional<JobEnd> failure_of(std::span<const PlannedTask> tasks, std::size_t first);
  JobEnd stopped() const;
  asio::awaitable<JobEnd> hand_back(std::string reason);  // unstarted
  std::optional<JobEnd> failure_of(const ExitReport& report, const modules::Plan& plan,
                                   const modules::Remarks& remarks) const;

  RunnerContext context_;
  JobRequest request_;
  std::optional<JobLog> log_;
  std::string title_;
  Bell changed_;
  StopReason stop_reason_ = StopReason::none;
  std::stop_source stop_;          // of probes and of file work
  Subprocess* process_ = nullptr;  // that runs now
  bool paused_ = false;
  PausableTimer timeout_;       // of the job
  PausableTimer task_timeout_;  // of the task that runs
  std::string task_;
  std::size_t task_index_ = 0;
  std::size_t task_count_ = 0;
  Progress progress_;
  JobProgress job_progress_;
  bool dirty_ = true;
  std::set<std::string> written_;
  std::vector<std::string> outputs_;
  std::vector<std::string> warnings_;
  boost::json::array results_;
};

}  // namespace sisyphus::actors
