#include "actors/job_planner.hpp"

#include "actors/job_checks.hpp"
#include "core/near_match.hpp"
#include "core/program_path.hpp"
#include "modules/schema.hpp"

#include <fmt/format.h>

namespace sisyphus::actors {

namespace json = boost::json;
using modules::Problem;

std::vector<Problem> JobPlan::problems() const {
  std::vector<Problem> all;
  for (const PlannedTask& task : tasks) {
    all.insert(all.end(), task.planned.problems.begin(), task.planned.problems.end());
  }
  return all;
}

asio::awaitable<Result<JobPlan>> JobPlanner::plan(json::array tasks, Context context) {
  JobPlan plan;
  Earlier earlier;
  FileFlow flow;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const json::object task = tasks[i].as_object();
    auto planned = co_await plan_task(task, i, context, earlier);
    if (!planned) co_return planned.error();
    if (planned->planned.plan) {
      const modules::Plan& done = *planned->planned.plan;
      for (const std::string& path : done.writes) {
        earlier.written.insert(path);
        earlier.streams.erase(path);  // of a task before, which this one replaces
      }
      for (const auto& [path, types] : done.stream_types) earlier.streams[path] = types;
      const auto conflicts = flow.add(i, done);
      planned->planned.problems.insert(planned->planned.problems.end(), conflicts.begin(), conflicts.end());
    }
    plan.tasks.push_back(std::move(*planned));
  }
  co_return plan;
}

asio::awaitable<Result<PlannedTask>> JobPlanner::plan_task(json::object task, std::size_t index,
                                                           Context context, Earlier earlier) {
  PlannedTask result;
  result.module_name = std::string(task.at("module").as_string());
  result.module = registry_.find(result.module_name);
  const std::string pointer = fmt::format("/tasks/{}", index);
  if (result.module == nullptr) {
    result.planned.problems.push_back({Problem::Kind::document, pointer + "/module",
                                       fmt::format("this worker has no module \"{}\"; it has {}{}",
                                                   result.module_name, fmt::join(registry_.names(), ", "),
                                                   did_you_mean(result.module_name, registry_.names()))});
    co_return result;
  }
  const json::object data = task.at("data").as_object();
  modules::Planned& planned = result.planned;
  planned.problems = modules::check_schema(result.module->schema(), data);
  if (planned.problems.empty()) {
    modules::Needs needs = result.module->needs(data, context.working_directory);
    modules::Facts facts;
    facts.working_directory = context.working_directory;
    facts.attempt_folder = context.attempt_folder;
    facts.own_outputs = context.own_outputs;
    facts.written_before = std::move(earlier.written);
    facts.streams_before = std::move(earlier.streams);
    facts.earlier_tasks_done = earlier.done;
    for (const std::string& program : needs.programs) {
      if (auto path = find_program(program)) facts.programs[program] = std::move(*path);
    }
    for (const std::string& name : needs.option_sets) {
      auto options = co_await option_sets_.fetch(result.module_name, name);
      if (!options) co_return options.error();
      if (*options) facts.option_sets[name] = std::move(**options);
    }
    for (const modules::Probe& probe : needs.probes) {
      modules::ProbeResult answer = co_await probes_.run(probe);
      facts.probes[probe.key] = std::move(answer);
    }
    planned = result.module->plan(data, facts);
  }
  for (Problem& problem : planned.problems) problem.pointer = pointer + "/data" + problem.pointer;
  co_return result;
}

}  // namespace sisyphus::actors
