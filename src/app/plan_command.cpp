#include "actors/job_checks.hpp"
#include "actors/job_planner.hpp"
#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/modules_option.hpp"
#include "app/option_set_files.hpp"
#include "app/service.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "core/job_document.hpp"
#include "core/parse_json.hpp"
#include "modules/problems.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace sisyphus::app {
namespace {

namespace json = boost::json;
using modules::Problem;

struct Options {
  std::string file;
  OptionSetFlags option_sets;
  std::string modules_dir;
  modules::Registry registry;  // read from there before anything else
  bool json = false;
};

void complain(std::string_view text) {
  fmt::print(stderr, "sisyphus: {}\n", printable(text, locale_is_utf8()));
}

std::string told(const Problem& problem) {
  return problem.pointer.empty() ? problem.message : fmt::format("{}: {}", problem.pointer, problem.message);
}

// The job's tasks, after the checks that the server makes.
Result<json::array> read_tasks(const std::string& text) {
  const auto submission = read_submission(text, SystemClock().now().wall);
  if (!submission) return submission.error();
  if (submission->is_array) return invalid("one job is wanted here, found an array");
  const auto value = parse_json(submission->jobs.front().text);
  if (!value) return value.error();
  return value->at("tasks").as_array();
}

asio::awaitable<Result<actors::JobPlan>> plan_job(asio::io_context& loop, std::shared_ptr<Options> options,
                                                  std::string text) {
  const auto tasks = read_tasks(text);
  if (!tasks) co_return tasks.error();
  const auto option_sets = option_sets_of(loop.get_executor(), options->option_sets);
  if (!option_sets) co_return option_sets.error();
  actors::ProbeRunner probes(loop.get_executor());
  actors::JobPlanner planner(options->registry, probes, **option_sets);
  actors::JobPlanner::Context context{
      std::filesystem::current_path().string(), ".sisyphus-JOB-ATTEMPT", {}, {}};
  auto plan = co_await planner.plan(*tasks, std::move(context));
  co_await probes.join();
  co_return plan;
}

// What keeps a plan from being made. Without a plan and a problem of the document it is those of this
// machine.
bool is_error(const actors::PlannedTask& task, const Problem& problem) {
  return problem.kind == Problem::Kind::document ||
         (!task.planned.plan && !modules::has_document_problem(task.planned.problems));
}

json::object plan_json(const actors::PlannedTask& task) {
  json::object object{{"module", task.module_name}, {"argv", nullptr},
                      {"run_argv", nullptr},        {"inputs", json::array()},
                      {"outputs", json::array()},   {"resources", json::object()}};
  if (!task.planned.plan) {
    std::string errors;
    for (const Problem& problem : task.planned.problems) {
      if (is_error(task, problem)) errors += (errors.empty() ? "" : "\n") + told(problem);
    }
    object["error"] = errors.empty() ? "it could not be planned" : errors;
    return object;
  }
  const modules::Plan& plan = *task.planned.plan;
  if (!plan.argv.empty()) object["argv"] = json::value_from(plan.argv);
  if (const auto* const program = std::get_if<modules::RunProgram>(&plan.action)) {
    if (!program->argv.empty()) object["run_argv"] = json::value_from(program->argv);
  }
  if (!task.planned.deferred.empty()) object["deferred"] = task.planned.deferred;
  json::array outputs;
  for (const modules::Output& output : plan.outputs) outputs.emplace_back(output.path);
  object["inputs"] = json::value_from(plan.inputs);
  object["outputs"] = std::move(outputs);
  json::object resources;
  for (const auto& [name, amount] : plan.resources) resources[name] = amount;
  object["resources"] = std::move(resources);
  return object;
}

// The original's vector, or of a module that the original has not, what is executed.
std::vector<std::string> vector_shown(const modules::Plan& plan) {
  const auto* const program = std::get_if<modules::RunProgram>(&plan.action);
  return plan.argv.empty() && program != nullptr ? program->argv : plan.argv;
}

void print_plain(const actors::JobPlan& plan) {
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const actors::PlannedTask& task = plan.tasks[i];
    fmt::print("task {} {}\n", i + 1, printable(task.module_name, true));
    if (!task.planned.plan) continue;
    if (!task.planned.deferred.empty())
      fmt::print("  (deferred: {})\n", printable(task.planned.deferred, true));
    for (const std::string& argument : vector_shown(*task.planned.plan))
      fmt::print("  {}\n", printable(argument, true));
    const auto* const changes = std::get_if<modules::ChangeFiles>(&task.planned.plan->action);
    if (changes == nullptr) continue;
    for (const modules::FileOperation& operation : changes->operations) {
      static constexpr const char* kNames[] = {"delete", "copy", "move"};
      fmt::print("  {} {}{}{}\n", kNames[static_cast<int>(operation.kind)], printable(operation.source, true),
                 operation.destination.empty() ? "" : " to ", printable(operation.destination, true));
    }
  }
}

asio::awaitable<int> run_plan(asio::io_context& loop, std::shared_ptr<Options> options) {
  const auto text = read_input(options->file);
  if (!text) co_return report(text.error(), options->file);
  const auto plan = co_await plan_job(loop, options, *text);
  if (!plan) co_return report(plan.error(), options->file);
  json::array tasks;
  bool failed = false;
  for (const actors::PlannedTask& task : plan->tasks) {
    tasks.push_back(plan_json(task));
    failed = failed || !task.planned.plan;
    for (const Problem& problem : task.planned.problems) {
      const char* const kind = is_error(task, problem) ? "error" : "warning";
      failed = failed || is_error(task, problem);
      complain(fmt::format("{}: {}", kind, told(problem)));
    }
    for (const std::string& warning : task.planned.warnings) complain("warning: " + warning);
  }
  if (options->json) {
    fmt::print("{}\n", json::serialize(json::object{{"tasks", std::move(tasks)}}));
  } else {
    print_plain(*plan);
  }
  const int code = failed ? kExitUsage : kExitDone;
  co_return code;
}

// All that is wrong with a document that is no job of which a plan could be made.
std::vector<Problem> refusals(const std::string& text, const Error& error) {
  std::vector<Problem> problems;
  const modules::Registry registry;
  for (const Error& one : actors::JobChecks(registry).check(text)) {
    problems.push_back({Problem::Kind::document, one.pointer, one.detail});
  }
  if (problems.empty()) problems.push_back({Problem::Kind::document, error.pointer, error.detail});
  return problems;
}

asio::awaitable<int> run_validate(asio::io_context& loop, std::shared_ptr<Options> options) {
  const auto text = read_input(options->file);
  if (!text) co_return report(text.error(), options->file);
  const auto plan = co_await plan_job(loop, options, *text);
  if (!plan && plan.error().code != Errc::invalid) co_return report(plan.error(), options->file);
  const std::vector<Problem> problems = plan ? plan->problems() : refusals(*text, plan.error());
  if (options->json) {
    json::array list;
    for (const Problem& problem : problems) {
      list.push_back(json::object{{"pointer", problem.pointer}, {"message", problem.message}});
    }
    fmt::print("{}\n",
               json::serialize(json::object{{"valid", problems.empty()}, {"problems", std::move(list)}}));
  } else {
    for (const Problem& problem : problems) complain(told(problem));
    if (problems.empty()) fmt::print("{}: a worker here would run it\n", printable(options->file, true));
  }
  const int code = problems.empty() ? kExitDone : kExitUsage;
  co_return code;
}

using Work = asio::awaitable<int> (*)(asio::io_context&, std::shared_ptr<Options>);

RunCommand add(CLI::App& app, Work work, const std::string& json_help) {
  const auto options = std::make_shared<Options>();
  app.add_option("JOB", options->file, "The job document; \"-\" reads standard input")->required();
  add_option_set_flags(app, options->option_sets);
  add_modules_option(app, options->modules_dir);
  add_json_option(app, options->json, json_help);
  return [options, work] {
    start_logging({"warn"});
    auto registry = modules::Registry::with_folder(options->modules_dir);
    if (!registry) return report(registry.error());
    options->registry = std::move(*registry);
    return run_loop([options, work](asio::io_context& loop) { return work(loop, options); });
  };
}

}  // namespace

RunCommand add_plan_command(CLI::App& app) {
  app.footer(
      "Nothing is run or changed, but files that are there are looked at. With --json: argv is the "
      "original's vector,\n"
      "run_argv what a worker executes.\n"
      "Examples:\n"
      "  sisyphus plan job.json\n"
      "  sisyphus plan --json --option-set opus-128k-stereo=opus.json job.json");
  return add(app, run_plan,
             "One JSON object: tasks, each with argv, run_argv, inputs, outputs and resources");
}

RunCommand add_validate_command(CLI::App& app) {
  app.footer(
      "Checks everything that a worker on this machine would check before the first task, and prints every "
      "problem.\n"
      "Example:\n"
      "  sisyphus validate job.json && sisyphus submit job.json");
  return add(app, run_validate, "One JSON object: valid, and problems, each with pointer and message");
}

}  // namespace sisyphus::app
