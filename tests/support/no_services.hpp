#pragma once

#include "core/services.hpp"

#include <stdexcept>

namespace sisyphus {

// Services for routes that ask for none.
class NoServices final : public JobService,
                         public WorkerService,
                         public DataService,
                         public EventService,
                         public StatusService,
                         public ValidationService,
                         public LogService {
  [[noreturn]] static void unexpected() { throw std::logic_error("no route asks for a service here"); }

 public:
  asio::awaitable<Result<std::vector<Submitted>>> submit(std::vector<JobDocument>) override { unexpected(); }
  asio::awaitable<Result<std::vector<Grant>>> poll(PollRequest, WatchClient) override { unexpected(); }
  void undelivered(const std::vector<Grant>&) override { unexpected(); }
  asio::awaitable<std::vector<Result<void>>> complete(std::vector<Completion>) override { unexpected(); }
  asio::awaitable<std::vector<Result<void>>> hand_back(std::vector<HandBack>) override { unexpected(); }
  asio::awaitable<void> settled(std::optional<JobId>) override { unexpected(); }
  asio::awaitable<Result<void>> mark_irreversible(JobId, LeaseToken) override { unexpected(); }
  asio::awaitable<Result<JobState>> cancel(JobId) override { unexpected(); }
  asio::awaitable<Result<JobState>> pause(JobId) override { unexpected(); }
  asio::awaitable<Result<JobState>> resume(JobId) override { unexpected(); }
  asio::awaitable<Result<JobState>> retry(JobId) override { unexpected(); }
  asio::awaitable<Result<void>> set_priority(JobId, int) override { unexpected(); }
  asio::awaitable<Result<void>> remove(JobId) override { unexpected(); }
  asio::awaitable<Result<void>> clear() override { unexpected(); }
  asio::awaitable<Result<void>> set_disabled(bool) override { unexpected(); }
  void report_progress(const std::vector<ProgressReport>&) override { unexpected(); }
  Result<JobView> job(const JobId&) const override { unexpected(); }
  Result<JobPage> jobs(std::optional<JobState>, std::size_t, std::string_view) const override {
    unexpected();
  }
  QueueView queue(std::size_t) const override { unexpected(); }
  asio::awaitable<Result<std::vector<LeaseVerdict>>> heartbeat(Heartbeat) override { unexpected(); }
  std::vector<WorkerView> workers() const override { unexpected(); }
  Result<WorkerView> worker(const std::string&) const override { unexpected(); }
  asio::awaitable<Result<void>> set_worker_disabled(std::string, bool) override { unexpected(); }
  Result<void> forget_worker(const std::string&) override { unexpected(); }
  Result<void> drain_worker(const std::string&) override { unexpected(); }
  std::unique_ptr<EventStream> control(const std::string&) override { unexpected(); }
  asio::awaitable<Result<void>> put(std::string, std::string, std::string) override { unexpected(); }
  asio::awaitable<Result<void>> erase(std::string, std::string) override { unexpected(); }
  Result<std::string> get(const std::string&, const std::string&) const override { unexpected(); }
  std::unique_ptr<EventStream> subscribe(std::optional<JobId>, std::string_view) override { unexpected(); }
  asio::awaitable<Result<std::unique_ptr<EventStream>>> read_log(JobView, std::size_t, bool) override {
    unexpected();
  }
  Result<void> add_log(const JobId&, LogPiece) override { unexpected(); }
  std::vector<Error> check(std::string_view) const override { return {}; }
  ServerStatus status() const override { unexpected(); }
};

}  // namespace sisyphus
