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

namespace {

void log_state(const queue::Effect& job) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  fmt::memory_buffer line;  // compiled formats: three of these lines are written for each job
  fmt::format_to(std::back_inserter(line), FMT_COMPILE("job_{} job_id={} attempt={} worker={}"),
                 to_string(job.state), job.id, job.attempt, job.worker_id);
  if (!job.message.empty() || job.unconfirmed) {
    fmt::format_to(std::back_inserter(line), FMT_COMPILE(" message=\"{}\"{}"), job.message,
                   job.unconfirmed ? " unconfirmed=true" : "");
  }
  spdlog::info(std::string_view(line.data(), line.size()));
}

}  // namespace

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

void QueueActor::serve_parked() {
  if (!jobs_.has_ready() || jobs_.disabled()) return;
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

asio::awaitable<Result<void>> QueueActor::committed() {
  changed();
  return journal_->committed();
}

asio::awaitable<Result<std::vector<Submitted>>> QueueActor::submit(std::vector<JobDocument> documents) {
  std::uint64_t bytes = 0;
  for (const JobDocument& document : documents) bytes += queue::submitted_size(document.spec, document.text);
  if (!journal_->reserve_now(bytes)) {
    auto room = co_await journal_->reserve(bytes);
    if (!room) co_return room.error();
  }
  std::vector<Submitted> submitted(documents.size());
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const std::string& module : workers_.unknown_modules(documents[i].spec.needs)) {
      submitted[i].warnings.push_back(
          fmt::format("no worker that is online offers the module \"{}\": the job waits for one", module));
    }
  }
  const std::vector<JobId> ids = jobs_.submit(std::move(documents), clock_.now());
  for (std::size_t i = 0; i < ids.size(); ++i) submitted[i].id = ids[i];
  auto done = co_await committed();
  if (!done) co_return done.error();
  co_return submitted;
}

asio::awaitable<Result<std::vector<Grant>>> QueueActor::poll(PollRequest request, WatchClient watch) {
  std::vector<Grant> grants;
  if (!workers_.disabled(request.worker_id) && !stopping_) {
    grants = grant(request, clock_.now());
  }
  if (grants.empty() && request.wait > Millis(0) && !stopping_) {
    grants = co_await park(std::move(request), watch());
  }
  if (!grants.empty()) {
    auto done = co_await committed();
    if (!done) co_return done.error();
  }
  co_return grants;
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
  const auto done = co_await committed();
  for (auto& result : results) {
    if (result && !done) result = done.error();
  }
  co_return results;
}

asio::awaitable<std::vector<Result<void>>> QueueActor::hand_back(std::vector<HandBack> jobs) {
  std::vector<Result<void>> results;
  for (const HandBack& job : jobs) results.push_back(jobs_.hand_back(job, clock_.now()));
  const auto done = co_await committed();
  for (auto& result : results) {
    if (result && !done) result = done.error();
  }
  co_return results;
}

asio::awaitable<Result<void>> QueueActor::mark_irreversible(JobId id, LeaseToken token) {
  if (auto marked = jobs_.mark_irreversible(id, token); !marked) co_return marked.error();
  auto done = co_await committed();
  co_return done;
}

template <class Operation>
asio::awaitable<Result<JobState>> QueueActor::change_state(Operation operation) {
  const Result<JobState> state = operation(jobs_);
  if (!state) co_return state.error();
  const auto done = co_await committed();
  if (!done) co_return done.error();
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
  auto done = co_await committed();
  co_return done;
}

asio::awaitable<Result<void>> QueueActor::remove(JobId id) {
  if (auto removed = jobs_.remove(id, clock_.now()); !removed) co_return removed.error();
  auto done = co_await committed();
  co_return done;
}

asio::awaitable<Result<void>> QueueActor::clear() {
  // Those that wait now, a part in each batch: a hundred thousand at once would keep everybody waiting.
  const std::uint64_t end = jobs_.next_order();
  for (std::uint64_t begin = 0; begin < end;) {
    begin = jobs_.clear(begin, end);
    auto done = co_await committed();
    if (!done) co_return done.error();
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> QueueActor::set_disabled(bool disabled) {
  jobs_.set_disabled(disabled);
  auto done = co_await committed();
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

// ---- workers, documents, status
// ---------------------------------------------------------------------------------

asio::awaitable<Result<std::vector<LeaseVerdict>>> QueueActor::heartbeat(Heartbeat beat) {
  const Now now = clock_.now();
  if (workers_.heard(beat, now.steady)) {
    spdlog::info("worker_online worker={} hostname={}", beat.worker_id, beat.hostname);
    publish_worker({beat.worker_id, beat.hostname, {}, workers_.disabled(beat.worker_id)}, true);
  }
  std::vector<LeaseVerdict> verdicts;
  for (const HeldLease& lease : beat.jobs) verdicts.push_back(jobs_.renew(beat.worker_id, lease, now));
  if (jobs_.has_changes()) {
    const auto done = co_await committed();
    if (!done) co_return done.error();
  } else {
    changed();
  }
  co_return verdicts;
}

std::vector<WorkerView> QueueActor::workers() const {
  return workers_.all(clock_.now().steady);
}

Result<WorkerView> QueueActor::worker(const std::string& id) const {
  auto found = workers_.find(id, clock_.now().steady);
  if (!found)
    return not_found(
        fmt::format("worker {} was not heard for {} s", id, settings_.worker_expiry.count() / 1000));
  return std::move(*found);
}

asio::awaitable<Result<void>> QueueActor::set_worker_disabled(std::string id, bool disabled) {
  workers_.set_disabled(id, disabled);
  record(queue::WorkerAttributes{id, disabled});
  auto done = co_await committed();
  co_return done;
}

Result<void> QueueActor::forget_worker(const std::string& id) {
  const std::string hostname = workers_.hostname(id);
  if (!workers_.forget(id)) return not_found(fmt::format("there is no worker {}", id));
  spdlog::info("worker_signed_off worker={} hostname={}", id, hostname);
  publish_worker({id, hostname, {}, workers_.disabled(id)}, false);
  return {};
}

Result<void> QueueActor::drain_worker(const std::string& id) {
  if (auto known = worker(id); !known) return known.error();
  if (!control_.send(id, "drain", "{}")) {
    return Error{Errc::conflict,
                 fmt::format("worker {} holds no control stream open: it is cut off, or the original's", id),
                 {}};
  }
  spdlog::info("worker_drain_sent worker={}", id);
  return {};
}

std::unique_ptr<EventStream> QueueActor::control(const std::string& worker_id) {
  auto stream = control_.open(worker_id);
  logs_.worker_connected(worker_id);
  return stream;
}

asio::awaitable<Result<void>> QueueActor::put(std::string module, std::string name, std::string document) {
  auto room = co_await journal_->reserve(document.size() + 64);
  if (!room) co_return room.error();
  record(queue::DocumentStored{module, name, document});
  state_.documents[{module, name}] = std::move(document);
  auto done = co_await committed();
  co_return done;
}

asio::awaitable<Result<void>> QueueActor::erase(std::string module, std::string name) {
  if (state_.documents.erase({module, name}) == 0) {
    co_return not_found(fmt::format("there is no document {}/{}", module, name));
  }
  record(queue::DocumentErased{module, name});
  auto done = co_await committed();
  co_return done;
}

Result<std::string> QueueActor::get(const std::string& module, const std::string& name) const {
  const auto found = state_.documents.find({module, name});
  if (found == state_.documents.end())
    return not_found(fmt::format("there is no document {}/{}", module, name));
  return found->second;
}

ServerStatus QueueActor::status() const {
  ServerStatus status{settings_.data_dir, queue::to_string(settings_.fsync), SISYPHUS_VERSION, {}, true, {}};
  status.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().steady - started_);
  if (journal_->failed()) {
    status.healthy = false;
    status.trouble = "the journal cannot be written: " + journal_->failed()->detail;
  }
  return status;
}

// ---- views
// ------------------------------------------------------------------------------------------------------

void QueueActor::complete_view(JobView& view) const {
  if (!view.worker_id.empty()) view.hostname = workers_.hostname(view.worker_id);
  if (view.state != JobState::queued || !view.waiting_for.empty()) return;
  if (jobs_.disabled()) {
    view.waiting_for = "the queue: it is disabled";
  } else if (const Requirements* const needs = jobs_.needs(view.id)) {
    view.waiting_for = workers_.missing_for(*needs, clock_.now().steady);
  }
}

asio::awaitable<void> QueueActor::settled(std::optional<JobId> id) {
  const auto on_its_way = [&] { return jobs_.announces(*id) || journal_->flying(*id); };
  if (!id) co_await committed();
  while (id && !journal_->failed() && on_its_way()) co_await committed();
}

Result<queue::HistoryText> QueueActor::read_text(const JobId& id, const queue::HistoryPlace& place) const {
  auto unwritten = jobs_.unwritten_text(place);
  if (!unwritten) unwritten = journal_->flying_text(place);
  if (!unwritten) return queue::read_history(journal_->files(), settings_.data_dir, place, id);
  return queue::decode_history_entry(*unwritten, id).value();
}

// What a finished job has said is in a file; the queue has its message in brief.
void QueueActor::add_text(JobView& view) const {
  const queue::HistoryPlace place = jobs_.text_of(view.id);
  if (!place) return;
  auto text = read_text(view.id, place);
  if (text) {
    view.message = std::move(text->message);
    view.info = std::move(text->info);
    return;
  }
  if (damaged_texts_.insert(view.id).second)
    spdlog::error("history_damaged job_id={} error=\"{}\"", view.id, text.error().detail);
  if (!view.message.empty()) view.message += ' ';
  view.message += fmt::format("(what else it said cannot be read: {})", text.error().detail);
}

Result<JobView> QueueActor::job(const JobId& id) const {
  auto view = jobs_.view(id);
  if (!view) return view;
  complete_view(*view);
  add_text(*view);
  return view;
}

Result<JobPage> QueueActor::jobs(std::optional<JobState> state, std::size_t limit,
                                 std::string_view cursor) const {
  auto page = jobs_.page(state, limit, cursor);
  if (page) {
    for (JobView& view : page->jobs) {
      complete_view(view);
      add_text(view);
    }
  }
  return page;
}

QueueView QueueActor::queue(std::size_t limit) const {
  return jobs_.waiting(limit);
}

std::unique_ptr<EventStream> QueueActor::subscribe(std::optional<JobId> id, std::string_view last_event_id) {
  if (!id) return events_->subscribe(std::nullopt, last_event_id);
  const auto view = job(*id);
  if (!view) return events_->subscribe(id, last_event_id);
  return events_->subscribe_from(id, last_event_id, net::sse_event("", "state", net::state_event_json(*view)),
                                 is_terminal(view->state));
}

void QueueActor::publish(const std::vector<queue::Effect>& effects) {
  for (const queue::Effect& effect : effects) {
    logs_.job_changed(effect);
    if (const auto last = progress_.take(effect.id)) publish_progress(effect.id, *last);
    switch (effect.kind) {
      case queue::Effect::Kind::cancel:
        send_order("cancel", effect);
        break;
      case queue::Effect::Kind::pause:
        send_order("pause", effect);
        break;
      case queue::Effect::Kind::resume:
        send_order("resume", effect);
        break;
      case queue::Effect::Kind::removed:
        publish_event("removed", effect.id, true,
                      [&] { return fmt::format(R"({{"job_id":"{}"}})", effect.id); });
        break;
      case queue::Effect::Kind::state:
        log_state(effect);
        publish_event("state", effect.id, is_terminal(effect.state), [&] { return state_event(effect); });
        break;
    }
  }
}

void QueueActor::send_order(std::string_view order, const queue::Effect& effect) {
  control_.send(effect.worker_id, order,
                fmt::format(R"({{"job_id":"{}","lease":"{}"}})", effect.id, to_string(effect.token)));
}

// Renders the event only when somebody will read it.
template <class Render>
void QueueActor::publish_event(std::string_view type, const std::optional<JobId>& job, bool last_of_job,
                               Render render) {
  if (!events_->wanted()) return events_->skip();
  events_->publish(type, job, render(), last_of_job);
}

void QueueActor::publish_progress(const JobId& id, std::string_view members) {
  publish_event("progress", id, false, [&] { return fmt::format(R"({{"job_id":"{}",{}}})", id, members); });
}

// What the job is now, as it was when this happened: it may have gone on since, or be gone.
std::string QueueActor::state_event(const queue::Effect& effect) const {
  JobView view;
  if (auto now = jobs_.view(effect.id)) view = std::move(*now);
  view.id = effect.id;
  view.state = effect.state;
  view.attempt = static_cast<int>(effect.attempt);
  view.unconfirmed = effect.unconfirmed;
  view.worker_id = effect.worker_id;
  view.message = effect.message;
  if (!is_terminal(view.state)) view.finished_at.reset();
  complete_view(view);
  if (is_terminal(view.state)) add_text(view);
  return net::state_event_json(view);
}

void QueueActor::publish_worker(const WorkerView& worker, bool online) {
  publish_event("worker", std::nullopt, false, [&] {
    return boost::json::serialize(boost::json::object{
        {"worker_id", worker.worker_id}, {"hostname", worker.hostname}, {"online", online}});
  });
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
