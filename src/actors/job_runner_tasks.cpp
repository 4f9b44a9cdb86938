#include "actors/file_work.hpp"
#include "actors/job_runner.hpp"
#include "actors/staging.hpp"
#include "actors/tool_failure.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <set>
#include <utility>
#include <variant>

// One task of a job: its tool, or its work on files, and what comes of it.
namespace sisyphus::actors {

namespace json = boost::json;

asio::awaitable<std::optional<JobEnd>> JobRunner::run_task(const PlannedTask& task) {
  const modules::Plan& plan = *task.planned.plan;
  const SteadyTime begin = std::chrono::steady_clock::now();
  spdlog::info("task_started job_id={} attempt={} task={} module={}", to_string(id()), attempt(),
               task_index_ + 1, task_);
  const auto* const program = std::get_if<modules::RunProgram>(&plan.action);
  log_->add(fmt::format("[{}]{}", task_label(),
                        program ? " " + json::serialize(json::value_from(program->argv)) : ""));
  for (const std::string& warning : task.planned.warnings) note_warning(warning);
  note_results(task_index_, task);
  std::optional<JobEnd> end;
  if (std::holds_alternative<modules::RunProgram>(plan.action)) {
    end = co_await run_program(*task.module, plan);
  } else if (std::holds_alternative<modules::ChangeFiles>(plan.action)) {
    end = co_await change_files(plan);
  }
  const auto elapsed = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
  spdlog::info("task_ended job_id={} attempt={} task={} module={} elapsed_ms={} error=\"{}\"",
               to_string(id()), attempt(), task_index_ + 1, task_, elapsed.count(), end ? end->message : "");
  co_return end;
}

asio::awaitable<std::optional<JobEnd>> JobRunner::run_program(const modules::Module& module,
                                                              const modules::Plan& plan) {
  const auto& program = std::get<modules::RunProgram>(plan.action);
  Staging staging(plan.outputs, plan.support_files);
  if (auto prepared = prepare(staging); !prepared) co_return failure(prepared.error());

  const auto reader = module.progress(plan);
  Subprocess::Options options;
  options.argv = program.argv;
  options.input = program.input;
  options.working_directory = context_.working_directory;
  options.stop = plan.stop;
  options.grace = context_.grace;
  options.limits = context_.limits;
  options.on_out = [this, &reader](std::string_view line) {
    if (!reader) return log_->add(line);  // else it is for programs: progress
    if (auto progress = reader->line(line)) set_progress(std::move(*progress));
  };
  options.on_err = [this, &reader](std::string_view line) {
    log_->add(line);
    if (reader) reader->error_line(line);
  };
  Subprocess process(context_.executor, std::move(options));
  process_ = &process;
  if (paused_) process.pause();
  if (plan.timeout) task_timeout_.start(*plan.timeout, [this] { stop(StopReason::task_timeout); });
  const auto report = co_await process.run();
  task_timeout_.cancel();
  process_ = nullptr;
  const modules::Remarks remarks = reader ? reader->remarks() : modules::Remarks{};
  for (const std::string& warning : remarks.warnings) {
    note_warning(warning);
    log_->add(warning);
  }
  for (const std::string& error : remarks.errors) log_->add(error);
  note_results(task_index_, task_, remarks.results);
  if (!report) {
    JobEnd end = failure(report.error());
    end.stuck = report.error().code == Errc::unavailable;
    co_return end;
  }
  if (stop_reason_ != StopReason::none) co_return stopped();
  if (auto end = failure_of(*report, plan, remarks)) co_return end;
  bool live = co_await lease_is_live();
  // Who watches sees the tool come to its end. Not while the server cannot be reached; and before the outputs
  // are there: a cancel meanwhile still finds none.
  if (live && progress_ != Progress()) {
    co_await context_.send_progress();
    live = co_await lease_is_live();
  }
  if (!live) co_return stopped();
  const std::set<std::string> own_outputs = context_.state.outputs_of(id());  // of earlier attempts
  for (const modules::Output& output : plan.outputs) {
    if (auto kept = context_.state.remember_output(id(), output.path); !kept) co_return failure(kept.error());
  }
  if (auto published = staging.publish(own_outputs); !published) co_return failure(published.error());
  for (const modules::Output& output : plan.outputs) outputs_.push_back(output.path);
  co_return std::nullopt;
}

asio::awaitable<std::optional<JobEnd>> JobRunner::change_files(const modules::Plan& plan) {
  if (plan.irreversible) {
    const auto marked = co_await context_.mark_irreversible(id(), request_.lease.token);
    if (stop_reason_ != StopReason::none) co_return stopped();
    if (!marked) co_return failure(marked.error());
    // What the tasks before this one wrote may be in memory only, and what is deleted now the only other
    // copy of it.
    const auto synced = co_await sync_files(context_.file_pool, outputs_);
    if (!synced) co_return failure(synced.error());
  }
  const auto& operations = std::get<modules::ChangeFiles>(plan.action).operations;
  Staging staging(staged_copies(operations));
  if (auto prepared = prepare(staging); !prepared) co_return failure(prepared.error());
  FileWork work({context_.executor, context_.file_pool, context_.working_directory, stop_.get_token(),
                 [this] { return may_change(); }},
                operations, [this](Progress progress) { set_progress(std::move(progress)); });
  for (std::size_t i = 0; i < work.size(); ++i) {
    const auto outcome = co_await work.run(i);
    if (!outcome) co_return failure(outcome.error());
    if (*outcome == FileOutcome::cancelled) co_return stopped();
    if (*outcome == FileOutcome::skipped) {
      spdlog::info("file_skipped job_id={} path=\"{}\"", to_string(id()), work.operation(i).source);
      log_->add(fmt::format("{} is not there: skipped", work.operation(i).source));
    }
  }
  for (const std::string& path : plan.writes) outputs_.push_back(path);
  co_return std::nullopt;
}

// After a crash the next start finds the folders.
Result<void> JobRunner::prepare(Staging& staging) {
  for (const std::string& folder : staging.folders()) {
    if (auto kept = context_.state.remember_folder(id(), folder); !kept) return kept;
  }
  return staging.prepare();
}

std::optional<JobEnd> JobRunner::failure_of(const ExitReport& report, const modules::Plan& plan,
                                            const modules::Remarks& remarks) const {
  auto failed = tool_failure(report, plan, remarks, context_.limits.memory);
  if (!failed) return std::nullopt;
  JobEnd end = failure(std::move(failed->message));
  end.retryable = failed->retryable;
  end.error_tail = report.err_tail;
  return end;
}

}  // namespace sisyphus::actors
