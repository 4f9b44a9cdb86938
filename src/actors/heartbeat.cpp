#include "actors/heartbeat.hpp"

#include "actors/retry_delay.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include <map>

namespace sisyphus::actors {
namespace {

namespace json = boost::json;

// Short of what tools take between two lines: in step with them every one would wait for up to a whole
// interval.
constexpr Millis kProgressInterval{40};

json::object job_json(const JobRunner& runner) {
  json::object job{{"job_id", to_string(runner.id())},
                   {"job_title", runner.title()},
                   {"attempt", runner.attempt()},
                   {"task", runner.task()},
                   {"task_index", runner.task_index()},
                   {"task_count", runner.task_count()},
                   {"progress", to_json(runner.progress())},
                   {"job_percent", runner.job_percent()}};
  if (const auto eta_s = runner.job_eta_s()) job["job_eta_s"] = *eta_s;
  if (runner.lease().token) job["lease"] = to_string(runner.lease().token);
  return job;
}

// The original's fields from the oldest job, so that its page shows something true, and all of them in info.
std::string heartbeat_json(const WorkerBoard& board) {
  json::object body{{"status", board.running.empty() ? "idle" : "in_progress"},
                    {"online_at", board.online_at},
                    {"hostname", board.settings.hostname},
                    {"version", SISYPHUS_VERSION}};
  if (!board.running.empty()) {
    const JobRunner& oldest = *board.running.front();
    body["job_id"] = to_string(oldest.id());
    body["job_title"] = oldest.title();
    if (!oldest.task().empty()) body["task"] = oldest.task();
    if (oldest.progress().percent) body["progress"] = *oldest.progress().percent;
  }
  json::array jobs;
  for (const JobRunner* const runner : board.running) jobs.push_back(job_json(*runner));
  json::object module_resources;
  for (const std::string& name : board.modules) {
    const Resources taken = board.registry.find(name)->resources();
    if (!taken.empty()) module_resources[name] = json::value_from(taken);
  }
  body["info"] = {{"jobs", std::move(jobs)},
                  {"slots", board.settings.slots},
                  {"modules", json::value_from(board.modules)},
                  {"labels", json::value_from(board.settings.labels)},
                  {"resources", json::value_from(board.settings.resources)},
                  {"module_resources", std::move(module_resources)},
                  {"draining", board.draining}};
  return json::serialize(body);
}

// Empty when there is nothing to tell.
std::string changed_progress(WorkerBoard& board) {
  json::array reports;
  for (JobRunner* const runner : board.running) {
    if (!runner->lease().token || !runner->take_dirty()) continue;
    json::object report = job_json(*runner);
    report.erase("job_title");
    report.erase("attempt");
    reports.push_back(std::move(report));
  }
  return reports.empty() || !board.has("progress") ? "" : json::serialize(reports);
}

void apply(JobRunner& runner, const LeaseVerdict& verdict, SteadyTime asked_at) {
  switch (verdict.verdict) {
    case Verdict::adopted:
      spdlog::info("job_adopted_again job_id={} attempt={}", to_string(verdict.id), runner.attempt());
      [[fallthrough]];
    case Verdict::renewed:
      runner.renewed(verdict.token, asked_at + verdict.expires_in);
      // Said by the control stream too, but that may have been down.
      if (verdict.paused) {
        runner.pause();
      } else {
        runner.resume();
      }
      break;
    case Verdict::cancel:
      runner.stop(StopReason::cancel);
      break;
    case Verdict::stop:
      spdlog::warn("job_taken_away job_id={} attempt={}: the server does not want it from here",
                   to_string(verdict.id), runner.attempt());
      runner.stop(StopReason::abandon);
      break;
  }
}

asio::awaitable<Result<void>> beat(WorkerBoard& board) {
  const std::string body = heartbeat_json(board);
  if (!board.has("leases")) {
    Result<void> heard = co_await board.client.heartbeat(body);
    co_return heard;
  }
  std::map<JobId, LeaseToken> asked;
  for (const JobRunner* const runner : board.running) asked[runner->id()] = runner->lease().token;
  // From before the request was sent: the server counts from when it came.
  const SteadyTime asked_at = std::chrono::steady_clock::now();
  const auto verdicts = co_await board.client.heartbeat_with_leases(body);
  if (!verdicts) co_return verdicts.error();
  for (const LeaseVerdict& verdict : *verdicts) {
    JobRunner* const runner = board.find(verdict.id);
    // A poll may have brought it a new lease meanwhile: the next heartbeat asks about that.
    if (runner != nullptr && runner->lease().token == asked[verdict.id]) apply(*runner, verdict, asked_at);
  }
  co_return Result<void>();
}

}  // namespace

asio::awaitable<void> run_heartbeat(WorkerBoard& board) {
  bool told = false;
  while (!board.leaving) {
    if (board.reached) {
      const auto heard = co_await beat(board);
      if (!heard && !std::exchange(told, true)) {
        spdlog::warn("heartbeat_failed url={} error=\"{}\"", board.client.base_url(), heard.error().detail);
      }
      if (heard) told = false;
    }
    co_await board.heartbeat_due.wait_until(std::chrono::steady_clock::now() +
                                            board.settings.heartbeat_interval);
  }
}

asio::awaitable<bool> send_progress(WorkerBoard& board) {
  struct UnderWay {
    explicit UnderWay(WorkerBoard& the_board) : board(the_board) { board.sending_progress = true; }
    ~UnderWay() {
      board.sending_progress = false;
      board.progress_sent.open();
    }
    WorkerBoard& board;
  };
  while (board.sending_progress) co_await board.progress_sent.wait(asio::use_awaitable);
  const std::string body = changed_progress(board);
  if (body.empty()) co_return false;
  const UnderWay under_way(board);
  const auto sent = co_await board.client.progress(body);
  if (!sent) spdlog::debug("progress_not_sent error=\"{}\"", sent.error().detail);
  co_return true;
}

asio::awaitable<void> run_progress(asio::any_io_executor executor, WorkerBoard& board) {
  asio::steady_timer pause(executor);
  for (;;) {
    co_await board.progress_due.wait();
    pause.expires_after(kProgressInterval);
    const bool any = co_await send_progress(board);
    if (any) co_await pause.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> run_control(asio::any_io_executor executor, WorkerBoard& board, LogSender& logs) {
  RetryDelay delay(Millis(250), std::chrono::seconds(10));
  asio::steady_timer pause(executor);
  for (;;) {
    if (board.has("control")) {
      const std::function<bool(const net::ControlMessage&)> on_message =
          [&board, &logs, &delay](const net::ControlMessage& message) {
            delay.reset();
            JobRunner* const runner = board.find(message.id);
            switch (message.kind) {
              case net::ControlMessage::Kind::drain:
                spdlog::info("worker_draining running={}: the server asked for it", board.running.size());
                board.drain();
                board.heartbeat_due.ring();  // shows it
                break;
              case net::ControlMessage::Kind::cancel:
                if (runner) runner->stop(StopReason::cancel);
                break;
              case net::ControlMessage::Kind::pause:
                if (runner) runner->pause();
                board.heartbeat_due.ring();  // a verdict that is under way may say otherwise: ask again
                break;
              case net::ControlMessage::Kind::log:
                logs.open(message.id, message.stream, message.from);
                break;
              case net::ControlMessage::Kind::log_stop:
                logs.close(message.id, message.stream);
                break;
              case net::ControlMessage::Kind::resume:
                if (runner) runner->resume();
                board.heartbeat_due.ring();
                break;
            }
            return true;
          };
      // Orders that came while no stream was open are told by the heartbeat.
      const std::function<void()> on_open = [&board] {
        spdlog::debug("control_connected");
        board.heartbeat_due.ring();
      };
      const auto ended = co_await board.client.control(on_open, on_message);
      logs.close_all();
      if (!ended) spdlog::debug("control_stream_ended error=\"{}\"", ended.error().detail);
    }
    pause.expires_after(delay.next());
    co_await pause.async_wait(asio::use_awaitable);
  }
}

}  // namespace sisyphus::actors
