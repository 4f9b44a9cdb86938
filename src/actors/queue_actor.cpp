#include "actors/queue_actor.hpp"

#include "core/asio_tokens.hpp"
#include "core/format_id.hpp"
#include "net/wire.hpp"

#include <asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <random>

namespace sisyphus::actors {

// One long poll that waits. Lives in the frame of park().
struct QueueActor::Parked {
  PollRequest request;
  asio::steady_timer timer;
  std::vector<Grant> grants;
  bool released = false;
};

QueueActor::QueueActor(asio::any_io_executor executor, const Clock& clock, QueueSettings settings)
    : executor_(executor),
      clock_(clock),
      settings_(std::move(settings)),
      started_(clock.now().steady),
      state_(settings_.policy, std::random_device()()),
      workers_(settings_.worker_expiry),
      control_(executor),
      logs_(executor, control_,
            [this](const JobId& id) {
              const auto ended = job(id);
              return ended ? net::log_tail(*ended) : std::string();
            }),
      clock_bell_(executor) {}

QueueActor::~QueueActor() = default;

Result<std::unique_ptr<QueueActor>> QueueActor::open(asio::any_io_executor executor, const Clock& clock,
                                                     queue::FileSystem& files, QueueSettings settings) {
  std::unique_ptr<QueueActor> actor(new QueueActor(executor, clock, std::move(settings)));
  QueueActor* const self = actor.get();
  auto journal =
      queue::Journal::open(files, {self->settings_.data_dir, self->settings_.segment_size},
                           [self](queue::Record&& record) { return self->state_.replay(std::move(record)); });
  if (!journal) return journal.error();
  if (!(*journal)->repaired().empty()) spdlog::warn("journal_torn_tail \"{}\"", (*journal)->repaired());
  for (const std::string& worker : self->state_.disabled_workers) self->workers_.set_disabled(worker, true);
  auto history = queue::History::open(files, self->settings_.data_dir, self->jobs_.table().history());
  if (!history) return history.error();
  for (const std::string& trouble : (*history)->troubles()) spdlog::warn("history_trouble \"{}\"", trouble);
  self->jobs_.open(clock.now(), (*history)->end());
  self->events_ = std::make_unique<EventHub>(executor, self->jobs_.epoch());
  const auto collect = [self](JournalWriter::Changes& changes) {
    self->jobs_.take_changes(changes);
    changes.records += std::exchange(self->extra_records_, {});
    changes.record_count += std::exchange(self->extra_count_, 0);
  };
  const auto publish = [self](const std::vector<queue::Effect>& effects) { self->publish(effects); };
  const auto on_history_lost = [self](const queue::HistoryLost& lost) { self->jobs_.history_lost(lost); };
  self->journal_ = std::make_unique<JournalWriter>(executor, std::move(*journal), std::move(*history),
                                                   self->settings_.fsync, collect, publish, on_history_lost);
  self->compactor_ = std::make_unique<JournalCompactor>(
      executor, *self->journal_, [self] { return self->state_.live_bytes(); }, self->settings_.segment_size);
  return actor;
}

void QueueActor::start(TaskGroup& group, std::function<void()> on_storage_lost) {
  journal_->start(group);
  group.spawn("journal compaction", compactor_->run());
  group.spawn("queue clock", run_clock());
  group.spawn("storage watch", watch_storage(std::move(on_storage_lost)));
  changed();  // the new epoch is the first record
}

void QueueActor::release_waiters() {
  stopping_ = true;
  for (Parked* const parked : parked_) {
    parked->released = true;
    parked->timer.cancel();
  }
  events_->close();
  logs_.close();
  control_.close();
}

void QueueActor::stop() {
  stopping_ = true;
  clock_bell_.ring();
  compactor_->stop();
  journal_->stop();
}

// ---- changes
// ----------------------------------------------------------------------------------------------------

void QueueActor::changed() {
  serve_parked();
  if (jobs_.has_changes() || extra_count_ != 0) journal_->changed();
  if (next_deadline() < armed_for_) clock_bell_.ring();
}

// Only when there is news for them: how many wait must not matter to each operation.
void QueueActor::serve_parked() {
  if (!jobs_.take_news() || parked_.empty() || !jobs_.has_ready() || jobs_.disabled()) return;
  const Now now = clock_.now();
  for (Parked* const parked : parked_) {
    if (parked->released || workers_.disabled(parked->request.worker_id)) continue;
    parked->grants = grant(parked->request, now);
    if (parked->grants.empty()) continue;
    parked->released = true;
    parked->timer.cancel();
    if (!jobs_.has_ready()) break;
  }
}

std::vector<Grant> QueueActor::grant(const PollRequest& request, Now now) {
  // Jobs wait for one another only where there is something to share.
  const bool shares = !request.offer.resources.empty();
  const Offer* const whole = shares ? workers_.whole_offer(request.worker_id) : nullptr;
  return jobs_.grant(request.worker_id, request.offer, request.max, now, whole);
}

void QueueActor::record(const queue::Record& record) {
  queue::encode(record, extra_records_);
  ++extra_count_;
}

asio::awaitable<void> QueueActor::written() {
  changed();
  return journal_->written();
}

// What is to be done is done at once; the answer alone waits for the disk, in a small frame: hundreds may
// wait.
template <class Answer>
asio::awaitable<Result<Answer>> QueueActor::when_written(Answer answer) {
  co_await written();
  if (auto done = journal_->outcome(); !done) co_return done.error();
  co_return std::move(answer);
}

asio::awaitable<std::vector<Result<void>>> QueueActor::each_when_written(std::vector<Result<void>> results) {
  co_await written();
  const auto done = journal_->outcome();
  for (auto& result : results) {
    if (result && !done) result = done.error();
  }
  co_return std::move(results);
}

asio::awaitable<Result<std::vector<Submitted>>> QueueActor::submit(std::vector<JobDocument> documents) {
  std::uint64_t bytes = 0;
  for (const JobDocument& document : documents) bytes += queue::submitted_size(document.spec, document.text);
  if (journal_->reserve_now(bytes)) return when_written(add(std::move(documents)));
  return submit_when_there_is_room(std::move(documents), bytes);
}

asio::awaitable<Result<std::vector<Submitted>>> QueueActor::submit_when_there_is_room(
    std::vector<JobDocument> documents, std::uint64_t bytes) {
  auto room = co_await journal_->reserve(bytes);
  if (!room) co_return room.error();
  auto submitted = co_await when_written(add(std::move(documents)));
  co_return submitted;
}

std::vector<Submitted> QueueActor::add(std::vector<JobDocument> documents) {
  std::vector<Submitted> submitted(documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const std::string& module : workers_.unknown_modules(documents[i].spec.needs)) {
      submitted[i].warnings.push_back(
          fmt::format("no worker that is online offers the module \"{}\": the job waits for one", module));
    }
  }
  const std::vector<JobId> ids = jobs_.submit(std::move(documents), clock_.now());
  for (std::size_t i = 0; i < ids.size(); ++i) submitted[i].id = ids[i];
  return submitted;
}

asio::awaitable<Result<std::vector<Grant>>> QueueActor::poll(PollRequest request, WatchClient watch) {
  std::vector<Grant> grants;
  if (!workers_.disabled(request.worker_id) && !stopping_) grants = grant(request, clock_.now());
  if (!grants.empty()) return when_written(std::move(grants));
  return poll_later(std::move(request), std::move(watch));
}

asio::awaitable<Result<std::vector<Grant>>> QueueActor::poll_later(PollRequest request, WatchClient watch) {
  if (request.wait <= Millis(0) || stopping_) co_return std::vector<Grant>();
  auto grants = co_await park(std::move(request), watch());
  if (grants.empty()) co_return grants;
  auto granted = co_await when_written(std::move(grants));
  co_return granted;
}

asio::awaitable<std::vector<Grant>> QueueActor::park(PollRequest request, std::stop_token hangup) {
  Parked parked{std::move(request), asio::steady_timer(executor_), {}, hangup.stop_requested()};
  if (parked.released) co_return std::vector<Grant>();
  const auto place = parked_.insert(parked_.end(), &parked);
  {
    const std::stop_callback on_hangup(hangup, [&parked] {
      parked.released = true;
      parked.timer.cancel();
    });
    parked.timer.expires_after(parked.request.wait);
    co_await parked.timer.async_wait(kTuple);  // the time is over, or somebody cancelled it: both are an end
  }
  parked_.erase(place);
  co_return std::move(parked.grants);
}

void QueueActor::undelivered(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants) {
    spdlog::warn("grant_undelivered job_id={}", grant.id);
    jobs_.undelivered(grant, clock_.now());
  }
  changed();
}

asio::awaitable<std::vector<Result<void>>> QueueActor::complete(std::vector<Completion> completions) {
  std::vector<Result<void>> results;
  results.reserve(completions.size());
  for (const Completion& completion : completions)
    results.push_back(jobs_.complete(completion, clock_.now()));
  return each_when_written(std::move(results));
}

asio::awaitable<std::vector<Result<void>>> QueueActor::hand_back(std::vector<HandBack> jobs) {
  std::vector<Result<void>> results;
  for (const HandBack& job : jobs) results.push_back(jobs_.hand_back(job, clock_.now()));
  return each_when_written(std::move(results));
}

asio::awaitable<Result<void>> QueueActor::mark_irreversible(JobId id, LeaseToken token) {
  if (auto marked = jobs_.mark_irreversible(id, token); !marked) co_return marked.error();
  co_await written();
  co_return journal_->outcome();
}

template <class Operation>
asio::awaitable<Result<JobState>> QueueActor::change_state(Operation operation) {
  const Result<JobState> state = operation(jobs_);
  if (!state) co_return state.error();
  co_await written();
  if (auto done = journal_->outcome(); !done) co_return done.error();
  co_return state;
}

asio::awaitable<Result<JobState>> QueueActor::cancel(JobId id) {
  const Now now = clock_.now();
  return change_state([id, now](queue::JobQueue& jobs) { return jobs.cancel(id, now); });
}

asio::awaitable<Result<JobState>> QueueActor::pause(JobId id) {
  const Now now = clock_.now();
  return change_state([id, now](queue::JobQueue& jobs) { return jobs.pause(id, now); });
}

asio::awaitable<Result<JobState>> QueueActor::resume(JobId id) {
  const Now now = clock_.now();
  return change_state([id, now](queue::JobQueue& jobs) { return jobs.resume(id, now); });
}

asio::awaitable<Result<JobState>> QueueActor::retry(JobId id) {
  const Now now = clock_.now();
  return change_state([id, now](queue::JobQueue& jobs) { return jobs.retry(id, now); });
}

asio::awaitable<Result<void>> QueueActor::set_priority(JobId id, int priority) {
  if (auto set = jobs_.set_priority(id, priority, clock_.now()); !set) co_return set.error();
  co_await written();
  co_return journal_->outcome();
}

asio::awaitable<Result<void>> QueueActor::remove(JobId id) {
  if (auto removed = jobs_.remove(id, clock_.now()); !removed) co_return removed.error();
  co_await written();
  co_return journal_->outcome();
}

asio::awaitable<Result<void>> QueueActor::clear() {
  // Those that wait now, a part in each batch: a hundred thousand at once would keep everybody waiting.
  const std::uint64_t end = jobs_.next_order();
  for (std::uint64_t begin = 0; begin < end;) {
    begin = jobs_.clear(begin, end);
    co_await written();
    if (auto done = journal_->outcome(); !done) co_return done.error();
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> QueueActor::set_disabled(bool disabled) {
  jobs_.set_disabled(disabled);
  co_await written();
  auto done = journal_->outcome();
  events_->publish("queue", std::nullopt, net::attributes_json(disabled));
  co_return done;
}

void QueueActor::report_progress(const std::vector<ProgressReport>& reports) {
  const SteadyTime now = clock_.now().steady;
  for (const ProgressReport& report : reports) {
    if (!jobs_.report_progress(report)) continue;
    if (progress_.tell_now(report.id, report.members, now)) publish_progress(report.id, report.members);
  }
  if (next_deadline() < armed_for_) clock_bell_.ring();
}

// ---- its own tasks
// ----------------------------------------------------------------------------------------------

SteadyTime QueueActor::next_deadline() const {
  const SteadyTime queue = jobs_.next_deadline().value_or(SteadyTime::max());
  return std::min({queue, workers_.next_expiry(), progress_.next_due().value_or(SteadyTime::max())});
}

asio::awaitable<void> QueueActor::run_clock() {
  while (!stopping_) {
    armed_for_ = next_deadline();
    const bool rang = co_await clock_bell_.wait_until(armed_for_);
    if (rang) continue;
    const Now now = clock_.now();
    jobs_.tick(now);
    for (const auto& [id, members] : progress_.due(now.steady)) publish_progress(id, members);
    for (const WorkerView& gone : workers_.expire(now.steady)) {
      spdlog::warn("worker_offline worker={} hostname={}", gone.worker_id, gone.hostname);
      publish_worker(gone, false);
    }
    changed();
  }
}

asio::awaitable<void> QueueActor::watch_storage(std::function<void()> on_storage_lost) {
  co_await journal_->ended();
  if (journal_->failed()) on_storage_lost();
}

}  // namespace sisyphus::actors
