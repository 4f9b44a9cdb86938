#include "actors/job_runner.hpp"

#include "actors/disk_room.hpp"
#include "actors/expected_time.hpp"
#include "actors/job_resources.hpp"
#include "actors/planning_failure.hpp"
#include "core/text_tail.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace sisyphus::actors {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kBeforeHandBack{1};

}  // namespace

JobRunner::JobRunner(RunnerContext context, JobRequest request)
    : context_(std::move(context)),
      request_(std::move(request)),
      log_(std::in_place, context_.state.log_path(request_.id, request_.attempt)),
      changed_(context_.executor),
      timeout_(context_.executor),
      task_timeout_(context_.executor) {
  if (const json::value* const title = request_.document.if_contains("job_title");
      title && title->is_string()) {
    title_ = std::string(title->get_string());
  }
}

// ---- orders
// -----------------------------------------------------------------------------------------------------

void JobRunner::stop(StopReason reason) {
  if (stop_reason_ != StopReason::none && reason != StopReason::abandon) return;
  stop_reason_ = reason;
  stop_.request_stop();
  if (process_ != nullptr) process_->stop();
  changed_.ring();
}

void JobRunner::kill() {
  if (process_ != nullptr) process_->kill();
}

void JobRunner::pause() {
  if (paused_) return;
  paused_ = true;
  job_progress_.pause(std::chrono::steady_clock::now());
  if (process_ != nullptr) process_->pause();
  timeout_.pause();
  task_timeout_.pause();
}

void JobRunner::resume() {
  if (!paused_) return;
  paused_ = false;
  job_progress_.resume(std::chrono::steady_clock::now());
  if (process_ != nullptr) process_->resume();
  timeout_.resume();
  task_timeout_.resume();
  changed_.ring();
}

void JobRunner::renewed(LeaseToken token, SteadyTime until) {
  if (token != request_.lease.token) remember_lease(token);
  request_.lease = {token, until};
  changed_.ring();
}

void JobRunner::remember_lease(LeaseToken token) {
  if (auto kept = context_.state.remember_lease(id(), token); !kept) {
    spdlog::error("worker_state_failed job_id={} error=\"{}\"", to_string(id()), kept.error().detail);
  }
}

void JobRunner::start_timeout(const json::object& document) {
  const json::value* const seconds = document.if_contains("timeout_s");
  if (seconds == nullptr || !seconds->is_number()) return;
  timeout_.start(Millis(static_cast<std::int64_t>(seconds->to_number<double>() * 1000)),
                 [this] { stop(StopReason::timeout); });
}

// ---- the life of a job
// ------------------------------------------------------------------------------------------

asio::awaitable<JobEnd> JobRunner::run() {
  const SteadyTime begin = std::chrono::steady_clock::now();
  if (request_.lease.token) remember_lease(request_.lease.token);
  start_timeout(request_.document);
  json::array tasks;
  if (const json::value* const list = request_.document.if_contains("tasks"); list && list->is_array()) {
    tasks = list->get_array();
  }
  task_count_ = tasks.size();
  spdlog::info("job_started job_id={} attempt={} title=\"{}\" tasks={}", to_string(id()), attempt(), title_,
               task_count_);
  JobEnd end = co_await run_tasks(std::move(tasks));
  timeout_.cancel();
  end.warnings = warnings_;
  end.results = results_;
  end.log_tail = log_->tail();
  if (end.kind == JobEnd::Kind::completed) end.log_tail = std::string(last_lines_within(end.log_tail, 4096));
  const bool final =
      end.kind == JobEnd::Kind::completed || (end.kind == JobEnd::Kind::failed && !end.retryable);
  if (auto kept = context_.state.done(id(), final); !kept) {
    spdlog::error("worker_state_failed job_id={} error=\"{}\"", to_string(id()), kept.error().detail);
  }
  const auto elapsed = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
  spdlog::info("job_ended job_id={} attempt={} outcome={} elapsed_ms={} error=\"{}\"", to_string(id()),
               attempt(),
               end.kind == JobEnd::Kind::completed ? "completed"
               : end.kind == JobEnd::Kind::failed  ? "failed"
                                                   : "stopped",
               elapsed.count(), end.message);
  co_return end;
}

asio::awaitable<JobEnd> JobRunner::run_tasks(json::array tasks) {
  for (const json::value& task : tasks) {
    const json::object* const object = task.if_object();
    const json::value* const module = object ? object->if_contains("module") : nullptr;
    const json::value* const data = object ? object->if_contains("data") : nullptr;
    if (!module || !module->is_string() || !data || !data->is_object()) {
      co_return failure("every task needs a module and an object of data");
    }
  }
  auto plan = co_await context_.planner.plan(tasks, plan_context());
  if (stop_reason_ != StopReason::none) co_return stopped();
  if (!plan) co_return failure(plan.error());
  if (auto end = failure_of(plan->tasks, 0)) co_return std::move(*end);
  for (const PlannedTask& task : plan->tasks) {
    // Not with a server that heeds what this worker offers.
    const Resources wanted = task.planned.plan ? task.planned.plan->resources : Resources();
    if (enough(context_.resources, wanted)) continue;
    co_return failure(fmt::format("the module {} takes {}, this worker has {}", task.module_name,
                                  in_words(wanted), in_words(context_.resources)));
  }
  if (auto shortage = short_of_room(*plan, context_.min_free)) {
    auto end = co_await hand_back(std::move(*shortage));
    co_return end;
  }
  job_progress_ = JobProgress(expected_seconds(*plan));
  if (paused_) job_progress_.pause(std::chrono::steady_clock::now());
  for (std::size_t i = 0; i < plan->tasks.size(); ++i) {
    task_index_ = i;  // stays that of the last task, for its last progress
    PlannedTask& planned = plan->tasks[task_index_];
    task_ = planned.module_name;
    job_progress_.start_task(task_index_, std::chrono::steady_clock::now());
    set_progress({});
    const bool may_start = co_await may_change();
    if (!may_start) co_return stopped();
    if (task_index_ > 0) {  // what the tasks before it wrote is there now: look at it
      const json::object task = tasks[task_index_].as_object();
      JobPlanner::Earlier earlier;  // g++ 12 destroys a braced aggregate twice when it stands in a co_await
      earlier.written = written_;
      earlier.done = true;
      auto again = co_await context_.planner.plan_task(task, task_index_, plan_context(), std::move(earlier));
      if (stop_reason_ != StopReason::none) co_return stopped();
      if (!again) co_return failure(again.error());
      const std::span<const PlannedTask> alone(&*again, 1);
      if (auto end = failure_of(alone, task_index_)) co_return std::move(*end);
      planned = std::move(*again);
    }
    if (!planned.planned.plan || !planned.planned.deferred.empty()) {
      co_return failure("it could not be planned: " + planned.planned.deferred);
    }
    auto end = co_await run_task(planned);
    if (end) co_return std::move(*end);
    const modules::Plan& done = *planned.planned.plan;
    written_.insert(done.writes.begin(), done.writes.end());
  }
  job_progress_.finish();
  dirty_ = true;
  JobEnd end;
  end.kind = JobEnd::Kind::completed;
  // A later task may have moved or deleted what an earlier one wrote.
  std::copy_if(outputs_.begin(), outputs_.end(), std::back_inserter(end.outputs),
               [](const std::string& path) {
                 std::error_code absent;
                 return std::filesystem::exists(path, absent);
               });
  co_return end;
}

asio::awaitable<bool> JobRunner::lease_is_live() {
  bool told = false;
  while (stop_reason_ == StopReason::none && !request_.lease.live(std::chrono::steady_clock::now())) {
    if (!std::exchange(told, true)) {
      spdlog::warn(
          "lease_lost job_id={} attempt={} waiting for the server before anything is renamed or started",
          to_string(id()), attempt());
    }
    co_await changed_.wait();
  }
  co_return stop_reason_ == StopReason::none;
}

asio::awaitable<bool> JobRunner::may_change() {
  co_await wait_while_paused();
  const bool live = co_await lease_is_live();
  co_return live;
}

asio::awaitable<void> JobRunner::wait_while_paused() {
  while (paused_ && stop_reason_ == StopReason::none) co_await changed_.wait();
}

// ---- what is told
// -----------------------------------------------------------------------------------------------

void JobRunner::set_progress(Progress progress) {
  job_progress_.report(progress, std::chrono::steady_clock::now());
  progress_ = std::move(progress);
  dirty_ = true;
  log_->flush();
  context_.on_change();
}

void JobRunner::note_warning(const std::string& text) {
  static constexpr std::size_t kMost = 100;
  spdlog::warn("task_warning job_id={} attempt={} task={} module={} text=\"{}\"", to_string(id()), attempt(),
               task_index_ + 1, task_, text);
  if (warnings_.size() < kMost) warnings_.push_back(fmt::format("{}: {}", task_label(), text));
}

std::optional<double> JobRunner::job_eta_s() const {
  return job_progress_.eta_s(std::chrono::steady_clock::now());
}

void JobRunner::note_results(std::size_t index, const PlannedTask& task) {
  if (task.planned.plan) note_results(index, task.module_name, task.planned.plan->results);
}

void JobRunner::note_results(std::size_t index, const std::string& module, const json::object& results) {
  if (results.empty()) return;
  if (results_.empty() || results_.back().at("task") != index)
    results_.push_back(json::object{{"task", index}, {"module", module}});
  json::object& entry = results_.back().as_object();
  for (const auto& [name, value] : results)
    entry.insert(json::object::value_type(name, value));  // never over these two
}

JobPlanner::Context JobRunner::plan_context() const {
  return {context_.working_directory, fmt::format(".sisyphus-{}-{}", to_string(id()), attempt()),
          context_.state.outputs_of(id()), stop_.get_token()};
}

std::string JobRunner::task_label() const {
  return fmt::format("task {} ({})", task_index_ + 1, task_);
}

JobEnd JobRunner::failure(std::string message) const {
  JobEnd end;
  end.message = task_.empty() ? std::move(message) : fmt::format("{}: {}", task_label(), message);
  end.module = task_;
  return end;
}

JobEnd JobRunner::failure(const Error& error) const {
  JobEnd end = failure(error.detail);
  end.retryable =
      error.code == Errc::storage_full || error.code == Errc::network || error.code == Errc::timeout;
  return end;
}

std::optional<JobEnd> JobRunner::failure_of(std::span<const PlannedTask> tasks, std::size_t first) {
  auto failed = planning_failure(tasks);
  if (!failed) return std::nullopt;
  for (std::size_t i = 0; i < tasks.size(); ++i) note_results(first + i, tasks[i]);
  if (failed->failed_check) {
    task_index_ = first + *failed->failed_check;
    task_ = tasks[*failed->failed_check].module_name;
    return failure(std::move(failed->message));
  }
  JobEnd end;
  end.message = std::move(failed->message);
  end.module = task_;
  return end;
}

JobEnd JobRunner::stopped() const {
  if (stop_reason_ == StopReason::timeout) return failure("the job took longer than its timeout_s");
  if (stop_reason_ == StopReason::task_timeout)
    return failure("the task took longer than the timeout_s of its module");
  JobEnd end;
  end.kind = JobEnd::Kind::stopped;
  end.stopped_for = stop_reason_;
  end.module = task_;
  return end;
}

// Not at once: a queue whose jobs all want a full disk would be handed to and fro as fast as it can be
// planned.
asio::awaitable<JobEnd> JobRunner::hand_back(std::string reason) {
  const SteadyTime until = std::chrono::steady_clock::now() + kBeforeHandBack;
  bool rung = true;
  while (rung && stop_reason_ == StopReason::none) rung = co_await changed_.wait_until(until);
  if (stop_reason_ != StopReason::none) co_return stopped();
  JobEnd end;
  end.kind = JobEnd::Kind::stopped;
  end.stopped_for = StopReason::hand_back;
  end.message = std::move(reason);
  co_return end;
}

}  // namespace sisyphus::actors
