#pragma once

#include "actors/job_planner.hpp"
#include "actors/log_sender.hpp"
#include "actors/poller.hpp"
#include "actors/worker_board.hpp"
#include "core/task_group.hpp"

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <memory>
#include <string>

namespace sisyphus::actors {

// The worker: poller, heartbeat, control stream and one runner for each job, wired and owned. One loop.
class Worker {
 public:
  Worker(asio::any_io_executor executor, const Clock& clock, WorkerSettings settings,
         modules::Registry registry, net::WorkerClient client, WorkerState state);
  ~Worker();

  void start();
  // Finishes what runs and takes nothing new; then finished() returns.
  void drain();
  // Stops what runs within the grace and hands it back (semantics C6); then finished() returns.
  void stop();
  // Returns when the worker has nothing left to do after drain() or stop(), with everything closed.
  asio::awaitable<void> finished();
  bool stuck() const { return stuck_; }  // a process could not be killed

 private:
  class ServerOptionSets;

  void take(net::GrantedJob job);
  asio::awaitable<void> give_back(net::GrantedJob job);
  asio::awaitable<void> run_job(net::GrantedJob job);
  asio::awaitable<void> report(JobRunner& runner, JobEnd end, WallTime started);
  asio::awaitable<void> report_abandoned();
  void forget_lease(const JobId& id);
  asio::awaitable<Result<void>> tell(JobRunner& runner, const JobEnd& end, boost::json::object info);
  asio::awaitable<Result<void>> mark_irreversible(JobId id, LeaseToken token);
  void look_at_modules();
  boost::json::object info_of(const JobEnd& end, WallTime started) const;

  asio::any_io_executor executor_;
  const Clock& clock_;
  WorkerBoard board_;
  WorkerState state_;
  ProbeRunner probes_;
  std::unique_ptr<ServerOptionSets> option_sets_;
  JobPlanner planner_;
  asio::thread_pool file_pool_;
  LogSender logs_;
  Poller poller_;
  TaskGroup polling_;  // the poller, which ends first
  TaskGroup heartbeats_;
  TaskGroup services_;  // progress, logs, control
  TaskGroup jobs_;
  bool stopping_ = false;
  bool stuck_ = false;
};

}  // namespace sisyphus::actors
