#include "actors/job_planner.hpp"

#include "actors/job_checks.hpp"
#include "core/near_match.hpp"
#include "core/program_path.hpp"
#include "modules/paths.hpp"
#include "modules/schema.hpp"

#include <fmt/format.h>

namespace sisyphus::actors {

namespace json = boost::json;
using modules::Problem;

namespace {

// What a task would write, whatever is wrong with it: all that can be told without its module.
std::optional<std::string> output_named_in(const json::object& data, const std::string& folder) {
  const json::value* const file = data.if_contains("output_file");
  if (file == nullptr || !file->is_string()) return std::nullopt;
  return modules::normal_path(std::string_view(file->get_string()), folder);
}

}  // namespace

std::vector<Problem> JobPlan::problems() const {
  std::vector<Problem> all;
  for (const PlannedTask& task : tasks) {
    all.insert(all.end(), task.planned.problems.begin(), task.planned.problems.end());
  }
  return all;
}

asio::awaitable<Result<JobPlan>> JobPlanner::plan(json::array tasks, Context context) {
  std::vector<Draft> drafts;
  std::vector<modules::Probe> probes;  // of all tasks: they are run side by side
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    drafts.push_back(draft(tasks[i].as_object(), i, context));
    const auto& wanted = drafts.back().needs.probes;
    probes.insert(probes.end(), wanted.begin(), wanted.end());
  }
  auto probed = co_await probes_.run(std::move(probes), context.stop);
  const auto answers = std::make_shared<const ProbeRunner::Answers>(std::move(probed));
  JobPlan plan;
  Earlier earlier;
  FileFlow flow;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const auto output = output_named_in(drafts[i].data, context.working_directory);
    auto planned = co_await finish(std::move(drafts[i]), context, earlier, answers);
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
    } else if (output) {
      // It will be written once the task is mended: later ones that read it are not to blame.
      earlier.written.insert(*output);
      earlier.streams.erase(*output);
    }
    plan.tasks.push_back(std::move(*planned));
  }
  co_return plan;
}

asio::awaitable<Result<PlannedTask>> JobPlanner::plan_task(json::object task, std::size_t index,
                                                           Context context, Earlier earlier) {
  Draft one = draft(task, index, context);
  auto probed = co_await probes_.run(one.needs.probes, context.stop);
  const auto answers = std::make_shared<const ProbeRunner::Answers>(std::move(probed));
  auto planned = co_await finish(std::move(one), std::move(context), std::move(earlier), answers);
  co_return planned;
}

JobPlanner::Draft JobPlanner::draft(const json::object& task, std::size_t index,
                                    const Context& context) const {
  Draft draft;
  draft.pointer = fmt::format("/tasks/{}", index);
  draft.data = task.at("data").as_object();
  PlannedTask& result = draft.task;
  result.module_name = std::string(task.at("module").as_string());
  result.module = registry_.find(result.module_name);
  if (result.module == nullptr) {
    result.planned.problems.push_back({Problem::Kind::document, draft.pointer + "/module",
                                       fmt::format("this worker has no module \"{}\"; it has {}{}",
                                                   result.module_name, fmt::join(registry_.names(), ", "),
                                                   did_you_mean(result.module_name, registry_.names()))});
    return draft;
  }
  result.planned.problems = modules::check_schema(result.module->schema(), draft.data);
  for (Problem& problem : result.planned.problems) problem.pointer.insert(0, draft.pointer + "/data");
  if (result.planned.problems.empty()) {
    draft.needs = result.module->needs(draft.data, context.working_directory);
  }
  return draft;
}

asio::awaitable<Result<PlannedTask>> JobPlanner::finish(Draft draft, Context context, Earlier earlier,
                                                        std::shared_ptr<const ProbeRunner::Answers> answers) {
  if (!draft.task.planned.problems.empty()) co_return std::move(draft.task);
  modules::Facts facts;
  facts.working_directory = context.working_directory;
  facts.attempt_folder = context.attempt_folder;
  facts.own_outputs = context.own_outputs;
  facts.written_before = std::move(earlier.written);
  facts.streams_before = std::move(earlier.streams);
  facts.earlier_tasks_done = earlier.done;
  for (const std::string& program : draft.needs.programs) {
    if (auto path = find_program(program)) facts.programs[program] = std::move(*path);
  }
  for (const std::string& name : draft.needs.option_sets) {
    auto options = co_await option_sets_.fetch(draft.task.module_name, name);
    if (!options) co_return options.error();
    if (*options) facts.option_sets[name] = std::move(**options);
  }
  for (const modules::Probe& probe : draft.needs.probes) facts.probes[probe.key] = answers->at(probe.key);
  draft.task.planned = draft.task.module->plan(draft.data, facts);
  for (Problem& problem : draft.task.planned.problems) problem.pointer.insert(0, draft.pointer + "/data");
  co_return std::move(draft.task);
}

}  // namespace sisyphus::actors
