#include "actors/worker.hpp"

#include "actors/heartbeat.hpp"
#include "actors/retry_delay.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace sisyphus::actors {

namespace json = boost::json;

namespace {

constexpr std::size_t kFileThreads = 2;
constexpr std::chrono::seconds kReportSlack{3};  // to tell the server what became of the jobs, when stopping

std::string duration_text(Millis span) {  // as Python prints a timedelta: 1:02:03.456000
  const auto seconds = span.count() / 1000;
  return fmt::format("{}:{:02}:{:02}.{:03}000", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     span.count() % 1000);
}

}  // namespace

class Worker::ServerOptionSets final : public OptionSets {
 public:
  explicit ServerOptionSets(net::WorkerClient& client) : client_(client) {}
  asio::awaitable<Result<std::optional<json::object>>> fetch(std::string module, std::string name) override {
    return client_.option_set(std::move(module), std::move(name));
  }

 private:
  net::WorkerClient& client_;
};

Worker::Worker(asio::any_io_executor executor, const Clock& clock, WorkerSettings settings,
               modules::Registry registry, net::WorkerClient client, WorkerState state)
    : executor_(executor),
      clock_(clock),
      board_(executor, std::move(settings), std::move(registry), std::move(client)),
      state_(std::move(state)),
      probes_(executor),
      option_sets_(std::make_unique<ServerOptionSets>(board_.client)),
      planner_(board_.registry, probes_, *option_sets_),
      file_pool_(kFileThreads),
      logs_(executor,
            [this](JobId id, LogPiece piece) { return board_.client.add_log(id, std::move(piece)); }),
      poller_(executor, board_, [this](net::GrantedJob job) { take(std::move(job)); }),
      polling_(executor),
      heartbeats_(executor),
      services_(executor),
      jobs_(executor) {
  board_.online_at = rfc3339(clock.now().wall);
  look_at_modules();
}

Worker::~Worker() = default;

// Says which modules are not offered, as this worker could never run them.
void Worker::look_at_modules() {
  const Resources& total = board_.settings.resources;
  board_.modules = *offer_beside({}, total, board_.registry).modules;
  for (const std::string& name : board_.registry.names()) {
    const Resources wanted = board_.registry.find(name)->resources();
    if (!enough(total, wanted)) {
      spdlog::warn("module_not_offered module={}: it takes {}, the worker has {}", name, in_words(wanted),
                   in_words(total));
    }
  }
}

void Worker::start() {
  spdlog::info("worker_started worker={} hostname={} server={} slots={} version={}",
               board_.client.worker_id(), board_.settings.hostname, board_.client.base_url(),
               board_.settings.slots, SISYPHUS_VERSION);
  polling_.spawn("poller", poller_.run());
  heartbeats_.spawn("heartbeat", run_heartbeat(board_));
  services_.spawn("progress", run_progress(executor_, board_));
  if (!state_.abandoned().empty()) services_.spawn("abandoned jobs", report_abandoned());
  services_.spawn("logs", logs_.run());
  services_.spawn("control", run_control(executor_, board_, logs_));
}

void Worker::drain() {
  spdlog::info("worker_draining running={}", board_.running.size());
  board_.drain();
}

void Worker::stop() {
  stopping_ = true;
  spdlog::info("worker_stopping running={}", board_.running.size());
  board_.drain();
  for (JobRunner* const runner : board_.running) runner->stop(StopReason::hand_back);
}

asio::awaitable<void> Worker::finished() {
  // A drain may also come from the server: every change of the board rings here.
  while (!board_.draining) co_await board_.winding_up.wait();
  // The poller goes first: what is granted to a poll that has gone is queued again by the server.
  polling_.cancel();
  co_await polling_.join();
  while (!stopping_ && jobs_.size() != 0) co_await board_.winding_up.wait();
  const SteadyTime until = std::chrono::steady_clock::now() + board_.settings.grace + kReportSlack;
  const bool done = co_await jobs_.join_until(until);
  if (!done) {
    spdlog::error("jobs_not_ended count={}: killed", jobs_.size());
    for (JobRunner* const runner : board_.running) runner->kill();
    probes_.stop();
    jobs_.cancel();
    co_await jobs_.join();
  }
  co_await probes_.join();
  // The last heartbeat is answered before the worker signs off: overtaken, it would bring the worker back.
  board_.leaving = true;
  board_.heartbeat_due.ring();
  const bool answered = co_await heartbeats_.join_until(std::chrono::steady_clock::now() + kReportSlack);
  if (!answered) heartbeats_.cancel();
  co_await heartbeats_.join();
  services_.cancel();
  co_await services_.join();
  if (board_.reached) {
    const auto gone = co_await board_.client.sign_off();
    if (!gone) spdlog::debug("sign_off_failed error=\"{}\"", gone.error().detail);
  }
  file_pool_.join();
  spdlog::info("worker_stopped");
}

// ---- jobs
// -------------------------------------------------------------------------------------------------------

void Worker::take(net::GrantedJob job) {
  if (JobRunner* const runner = board_.find(job.id); runner != nullptr && job.token) {
    // Its lease ran out by the server's clock alone (this machine slept, say), and nobody else took it.
    if (runner->stop_reason() != StopReason::none) {
      jobs_.spawn("job " + to_string(job.id) + " given back", give_back(std::move(job)));
      return;
    }
    spdlog::warn("job_came_back job_id={} attempt={}: it runs here still, and goes on", to_string(job.id),
                 job.attempt);
    return runner->renewed(job.token, std::chrono::steady_clock::now() + job.expires_in);
  }
  jobs_.spawn("job " + to_string(job.id), run_job(std::move(job)));
}

asio::awaitable<void> Worker::give_back(net::GrantedJob job) {
  const auto given =
      co_await board_.client.hand_back(job.id, job.token, "an earlier attempt is still being stopped there");
  if (!given)
    spdlog::warn("hand_back_failed job_id={} error=\"{}\"", to_string(job.id), given.error().detail);
}

asio::awaitable<void> Worker::run_job(net::GrantedJob job) {
  JobRequest request;
  request.id = job.id;
  request.attempt = job.attempt;
  request.document = std::move(job.document);
  request.resources = held_by(request.document, board_.registry);
  if (job.token) request.lease = {job.token, std::chrono::steady_clock::now() + job.expires_in};
  RunnerContext context{executor_,
                        file_pool_,
                        planner_,
                        state_,
                        board_.settings.working_directory,
                        board_.settings.grace,
                        {},
                        {},
                        board_.settings.resources,
                        board_.settings.limits,
                        // Who cannot give it back must try: the original's server.
                        board_.has("hand-back") ? board_.settings.min_free : 0,
                        {}};
  context.mark_irreversible = [this](JobId id, LeaseToken token) { return mark_irreversible(id, token); };
  context.on_change = [this] { board_.progress_due.ring(); };
  context.send_progress = [this] { return send_progress(board_); };
  const WallTime started = clock_.now().wall;
  const bool leased = static_cast<bool>(request.lease.token);
  JobRunner runner(std::move(context), std::move(request));
  const auto place = board_.running.insert(board_.running.end(), &runner);
  logs_.job_started(runner.id(), runner.log());
  board_.heartbeat_due.ring();
  if (stopping_) runner.stop(StopReason::hand_back);
  std::exception_ptr failure;
  try {
    JobEnd end = co_await runner.run();
    co_await logs_.finish(runner.id(),
                          &runner.log());  // who reads it has all of it before hearing of the end
    runner.close_log();
    co_await report(runner, std::move(end), started);
    if (leased) forget_lease(runner.id());
  } catch (const std::exception&) {
    failure = std::current_exception();  // the group logs it; the slot must be given back first
    if (runner.logs()) logs_.job_ended(runner.id(), runner.log());
  }
  board_.running.erase(place);
  board_.slot_free.ring();
  board_.heartbeat_due.ring();
  board_.winding_up.ring();
  if (failure) std::rethrow_exception(failure);
}

json::object Worker::info_of(const JobEnd& end, WallTime started) const {
  const WallTime now = clock_.now().wall;
  json::object info{{"start_time", rfc3339(started)},
                    {"end_time", rfc3339(now)},
                    {"runtime", duration_text(now - started)},
                    {"worker", board_.settings.hostname},
                    {"worker_id", board_.client.worker_id()},
                    {"version", SISYPHUS_VERSION},
                    {"completed", end.kind == JobEnd::Kind::completed}};
  if (!end.message.empty()) info["message"] = end.message;
  if (!end.module.empty()) info["module"] = end.module;
  if (!end.outputs.empty()) info["outputs"] = json::value_from(end.outputs);
  if (!end.warnings.empty()) info["warnings"] = json::value_from(end.warnings);
  if (!end.results.empty()) info["results"] = end.results;
  if (end.retryable) info["retryable"] = true;
  if (!end.error_tail.empty()) info["stderr"] = end.error_tail;
  if (!end.log_tail.empty()) info["log_tail"] = end.log_tail;
  return info;
}

asio::awaitable<Result<void>> Worker::tell(JobRunner& runner, const JobEnd& end, json::object info) {
  const LeaseToken token = runner.lease().token;
  if (end.kind == JobEnd::Kind::stopped && end.stopped_for == StopReason::hand_back &&
      board_.has("hand-back")) {
    const std::string what = end.message.empty() ? "stopped" : "has no room: " + end.message;
    const std::string reason =
        fmt::format("worker {} ({}) {}", board_.settings.hostname, board_.client.worker_id(), what);
    Result<void> handed = co_await board_.client.hand_back(runner.id(), token, reason);
    co_return handed;
  }
  if (end.kind == JobEnd::Kind::stopped && !info.contains("message")) {
    info["message"] = end.stopped_for == StopReason::cancel ? "cancelled" : "the worker stopped";
  }
  const bool failed = end.kind != JobEnd::Kind::completed;
  Result<void> completed = co_await board_.client.complete(runner.id(), token, failed, std::move(info));
  co_return completed;
}

// Until the server has taken it, or says that the job is no longer ours: an outcome is hours of work.
asio::awaitable<void> Worker::report(JobRunner& runner, JobEnd end, WallTime started) {
  if (end.stuck) {
    stuck_ = true;
    spdlog::critical("worker_stuck job_id={} error=\"{}\": it takes no more jobs", to_string(runner.id()),
                     end.message);
    board_.drain();
  }
  // What was reached is seen before the end is; a worker that is to leave has no time for that.
  if (board_.reached && end.kind != JobEnd::Kind::stopped) co_await send_progress(board_);
  const json::object info = info_of(end, started);
  RetryDelay delay(Millis(250), board_.settings.network_retry);
  while (end.stopped_for != StopReason::abandon) {
    const LeaseToken sent = runner.lease().token;
    const auto told = co_await tell(runner, end, info);
    if (told) break;
    const Errc code = told.error().code;
    if (code == Errc::stale_lease && sent && runner.lease().token == sent) {
      // The next heartbeat says whether the job is ours again (then with a new token), or somebody else's.
      if (runner.stop_reason() == StopReason::abandon) break;
      spdlog::warn("outcome_refused job_id={} error=\"{}\"", to_string(runner.id()), told.error().detail);
      board_.heartbeat_due.ring();
    } else if (code == Errc::not_found || code == Errc::invalid || code == Errc::conflict) {
      spdlog::warn("outcome_not_wanted job_id={} error=\"{}\"", to_string(runner.id()), told.error().detail);
      break;
    } else if (code != Errc::stale_lease) {
      spdlog::warn("outcome_not_sent job_id={} error=\"{}\": trying again", to_string(runner.id()),
                   told.error().detail);
    }
    co_await runner.changed().wait_until(std::chrono::steady_clock::now() + delay.next());
    if (runner.stop_reason() == StopReason::abandon) break;
  }
}

// What an earlier run of this worker died with: the server need not wait for the end of the lease. It costs
// the attempt, as a job that brings its worker down would else do so for ever.
asio::awaitable<void> Worker::report_abandoned() {
  RetryDelay delay(Millis(250), board_.settings.network_retry);
  asio::steady_timer pause(executor_);
  for (const WorkerState::Abandoned& left : state_.abandoned()) {
    while (!board_.reached || board_.has("leases")) {
      if (board_.reached) {
        json::object info{{"worker", board_.settings.hostname},
                          {"worker_id", board_.client.worker_id()},
                          {"message", "its worker ended without notice and was started again"},
                          {"retryable", true}};
        const auto told = co_await board_.client.complete(left.job, left.token, true, std::move(info));
        const Errc code = told ? Errc::stale_lease : told.error().code;
        if (code != Errc::network && code != Errc::timeout && code != Errc::unavailable) break;
      }
      pause.expires_after(delay.next());
      co_await pause.async_wait(asio::use_awaitable);
    }
    spdlog::info("abandoned_job_told job_id={}", to_string(left.job));
    if (board_.find(left.job) == nullptr) forget_lease(left.job);
  }
}

void Worker::forget_lease(const JobId& id) {
  if (auto forgotten = state_.forget_lease(id); !forgotten) {
    spdlog::error("worker_state_failed job_id={} error=\"{}\"", to_string(id), forgotten.error().detail);
  }
}

asio::awaitable<Result<void>> Worker::mark_irreversible(JobId id, LeaseToken token) {
  RetryDelay delay(Millis(250), board_.settings.network_retry);
  while (board_.has("irreversible") && token) {
    const auto marked = co_await board_.client.mark_irreversible(id, token);
    JobRunner* const runner = board_.find(id);
    if (marked || runner == nullptr || runner->stop_reason() != StopReason::none) co_return marked;
    const Errc code = marked.error().code;
    if (code == Errc::conflict || code == Errc::not_found || code == Errc::invalid) co_return marked;
    spdlog::warn(
        "irreversible_not_marked job_id={} error=\"{}\": nothing is moved or deleted before; trying again",
        to_string(id), marked.error().detail);
    co_await runner->changed().wait_until(std::chrono::steady_clock::now() + delay.next());
    token = runner->lease().token;
  }
  co_return Result<void>();
}

}  // namespace sisyphus::actors
