#pragma once

#include "actors/event_hub.hpp"
#include "actors/journal_compactor.hpp"
#include "actors/journal_writer.hpp"
#include "actors/log_relay.hpp"
#include "actors/progress_pacer.hpp"
#include "core/services.hpp"
#include "core/task_group.hpp"
#include "queue/journal.hpp"
#include "queue/journal_state.hpp"
#include "queue/worker_registry.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace sisyphus::actors {

struct QueueSettings {
  std::string data_dir;
  queue::Fsync fsync = queue::Fsync::always;
  queue::Policy policy;
  Millis worker_expiry{30'000};
  std::uint64_t segment_size = 16U << 20;  // bytes
};

// The server's queue: the only writer of job state, option sets and attributes. It owns the state machine and
// the journal, parks those who wait for a job, and publishes what has happened once it is on disk. One loop;
// `clock` and `files` outlive it. Every call is one message: it is applied at once, and its reply comes after
// the batch that holds it is in the journal.
class QueueActor final : public JobService,
                         public WorkerService,
                         public DataService,
                         public EventService,
                         public StatusService {
 public:
  // Reads the journal. Errors name the file and say what to do.
  static Result<std::unique_ptr<QueueActor>> open(asio::any_io_executor executor, const Clock& clock,
                                                  queue::FileSystem& files, QueueSettings settings);
  ~QueueActor() override;

  // `on_storage_lost` is called once, when the journal can no longer be written.
  void start(TaskGroup& group, std::function<void()> on_storage_lost);
  void release_waiters();  // the server stops: parked polls and streams end
  void stop();             // its tasks end after the last batch is written
  std::size_t job_count() const { return jobs_.size(); }
  LogService& logs() { return logs_; }

  // JobService
  asio::awaitable<Result<std::vector<Submitted>>> submit(std::vector<JobDocument> jobs) override;
  asio::awaitable<Result<std::vector<Grant>>> poll(PollRequest request, WatchClient watch) override;
  void undelivered(const std::vector<Grant>& grants) override;
  asio::awaitable<std::vector<Result<void>>> complete(std::vector<Completion> completions) override;
  asio::awaitable<std::vector<Result<void>>> hand_back(std::vector<HandBack> jobs) override;
  asio::awaitable<Result<void>> mark_irreversible(JobId id, LeaseToken token) override;
  asio::awaitable<Result<JobState>> cancel(JobId id) override;
  asio::awaitable<Result<JobState>> pause(JobId id) override;
  asio::awaitable<Result<JobState>> resume(JobId id) override;
  asio::awaitable<Result<JobState>> retry(JobId id) override;
  asio::awaitable<Result<void>> set_priority(JobId id, int priority) override;
  asio::awaitable<Result<void>> remove(JobId id) override;
  asio::awaitable<Result<void>> clear() override;
  asio::awaitable<Result<void>> set_disabled(bool disabled) override;
  void report_progress(const std::vector<ProgressReport>& reports) override;
  asio::awaitable<void> settled(std::optional<JobId> id) override;
  Result<JobView> job(const JobId& id) const override;
  Result<JobPage> jobs(std::optional<JobState> state, std::size_t limit,
                       std::string_view cursor) const override;
  QueueView queue(std::size_t limit) const override;
  // WorkerService
  asio::awaitable<Result<std::vector<LeaseVerdict>>> heartbeat(Heartbeat beat) override;
  std::vector<WorkerView> workers() const override;
  Result<WorkerView> worker(const std::string& id) const override;
  asio::awaitable<Result<void>> set_worker_disabled(std::string id, bool disabled) override;
  Result<void> forget_worker(const std::string& id) override;
  Result<void> drain_worker(const std::string& id) override;
  std::unique_ptr<EventStream> control(const std::string& worker_id) override;
  // DataService
  asio::awaitable<Result<void>> put(std::string module, std::string name, std::string document) override;
  asio::awaitable<Result<void>> erase(std::string module, std::string name) override;
  Result<std::string> get(const std::string& module, const std::string& name) const override;
  // EventService
  std::unique_ptr<EventStream> subscribe(std::optional<JobId> job, std::string_view last_event_id) override;
  // StatusService
  ServerStatus status() const override;

 private:
  struct Parked;

  QueueActor(asio::any_io_executor executor, const Clock& clock, QueueSettings settings);
  void changed();  // after every change: wake the journal, the clock and those who wait for a job
  void serve_parked();
  std::vector<Grant> grant(const PollRequest& request, Now now);
  asio::awaitable<std::vector<Grant>> park(PollRequest request, std::stop_token hangup);
  void record(const queue::Record& record);
  asio::awaitable<void> written();  // as the journal's, after changed()
  template <class Answer>
  asio::awaitable<Result<Answer>> when_written(Answer answer);
  asio::awaitable<std::vector<Result<void>>> each_when_written(std::vector<Result<void>> results);
  std::vector<Submitted> add(std::vector<JobDocument> documents);
  asio::awaitable<Result<std::vector<Submitted>>> submit_when_there_is_room(
      std::vector<JobDocument> documents, std::uint64_t bytes);
  asio::awaitable<Result<std::vector<Grant>>> poll_later(PollRequest request, WatchClient watch);
  template <class Operation>
  asio::awaitable<Result<JobState>> change_state(Operation operation);
  asio::awaitable<void> run_clock();
  asio::awaitable<void> watch_storage(std::function<void()> on_storage_lost);
  void publish(const std::vector<queue::Effect>& effects);
  void send_order(std::string_view order, const queue::Effect& effect);
  template <class Render>
  void publish_event(std::string_view type, const std::optional<JobId>& job, bool last_of_job, Render render);
  void publish_progress(const JobId& id, std::string_view members);
  std::string state_event(const queue::Effect& effect) const;
  void publish_worker(const WorkerView& worker, bool online);
  void complete_view(JobView& view) const;
  void add_text(JobView& view) const;
  Result<queue::HistoryText> read_text(const JobId& id, const queue::HistoryPlace& place) const;
  SteadyTime next_deadline() const;

  asio::any_io_executor executor_;
  const Clock& clock_;
  QueueSettings settings_;
  SteadyTime started_;
  queue::JournalState state_;
  queue::JobQueue& jobs_ = state_.jobs;
  queue::WorkerRegistry workers_;
  std::string extra_records_;  // of what is not the queue's: documents and attributes, encoded
  std::size_t extra_count_ = 0;
  std::unique_ptr<JournalWriter> journal_;
  std::unique_ptr<JournalCompactor> compactor_;
  std::unique_ptr<EventHub> events_;
  ProgressPacer progress_;
  ControlHub control_;
  LogRelay logs_;
  std::list<Parked*> parked_;              // first come first
  mutable std::set<JobId> damaged_texts_;  // of which the log has been told
  Bell clock_bell_;
  SteadyTime armed_for_ = SteadyTime::max();
  bool stopping_ = false;
};

}  // namespace sisyphus::actors
