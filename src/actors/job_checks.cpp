#include "actors/job_checks.hpp"

#include "core/job_document.hpp"
#include "core/parse_json.hpp"
#include "modules/paths.hpp"
#include "modules/schema.hpp"

#include <fmt/format.h>

namespace sisyphus::actors {

namespace json = boost::json;
using modules::Problem;

namespace {

const json::string* string_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace

std::vector<Problem> FileFlow::add(std::size_t index, const modules::Plan& plan) {
  std::vector<Problem> problems;
  if (const auto* const changes = std::get_if<modules::ChangeFiles>(&plan.action)) {
    for (const modules::FileOperation& operation : changes->operations) change(index, operation, problems);
    return problems;
  }
  for (const std::string& path : plan.inputs) read(index, modules::normal_path(path, "/"), problems);
  for (const modules::Output& output : plan.outputs)
    write(index, modules::normal_path(output.path, "/"), problems);
  return problems;
}

void FileFlow::read(std::size_t index, const std::string& path, Problems& problems) {
  if (const auto taken = gone_.find(path); taken != gone_.end() && taken->second != index) {
    problems.push_back(
        {Problem::Kind::document, fmt::format("/tasks/{}/data", index),
         fmt::format("{} is deleted or moved away by task {} before", path, taken->second + 1)});
  }
  if (const auto source = written_.find(path); source != written_.end()) source->second.read = true;
}

void FileFlow::write(std::size_t index, const std::string& path, Problems& problems) {
  const auto [entry, fresh] = written_.try_emplace(path, Written{index});
  if (!fresh && entry->second.task != index) {
    problems.push_back({Problem::Kind::document, fmt::format("/tasks/{}/data", index),
                        fmt::format("{} is written by task {} already", path, entry->second.task + 1)});
  }
  entry->second = {index};
  gone_.erase(path);
}

void FileFlow::change(std::size_t index, const modules::FileOperation& operation, Problems& problems) {
  using Kind = modules::FileOperation::Kind;
  const std::string source = modules::normal_path(operation.source, "/");
  if (operation.kind == Kind::remove) {
    written_.erase(source);
    gone_[source] = index;
    return;
  }
  const std::string target = modules::normal_path(operation.destination, "/");
  read(index, source, problems);
  if (target == source) return;
  if (operation.kind == Kind::move) {
    written_.erase(source);
    gone_[source] = index;
  }
  // What a task has read may be replaced: it was an intermediate file. Whether the destination is a folder is
  // told by this machine, so the problem is one of this machine.
  const auto lost = written_.find(target);
  if (lost != written_.end() && !lost->second.read) {
    problems.push_back({Problem::Kind::environment, fmt::format("/tasks/{}/data", index),
                        fmt::format("{} is written by task {} already, and nothing has read it since", target,
                                    lost->second.task + 1)});
  }
  written_[target] = {index};
  gone_.erase(target);
}

std::vector<Error> JobChecks::check(std::string_view body) const {
  const auto submission = read_submission(body, WallTime());
  std::vector<Error> problems;
  if (!submission) {
    problems.push_back(submission.error());
    // One mistake hides no others: what can be said of the tasks of a job is said all the same.
    const auto document = parse_json(body);
    const json::object* job = document ? document->if_object() : nullptr;
    const json::value* tasks = job != nullptr ? job->if_contains("tasks") : nullptr;
    if (tasks != nullptr && tasks->is_array()) check_tasks(tasks->get_array(), "", problems);
    return problems;
  }
  for (std::size_t i = 0; i < submission->jobs.size(); ++i) {
    const auto document = parse_json(submission->jobs[i].text);
    if (!document) return {document.error()};
    check_tasks(document->at("tasks").as_array(), submission->is_array ? fmt::format("/{}", i) : "",
                problems);
  }
  return problems;
}

void JobChecks::check_tasks(const json::array& tasks, const std::string& prefix,
                            std::vector<Error>& problems) const {
  FileFlow flow;
  const auto report = [&](const Problem& problem) {
    if (problem.kind == Problem::Kind::document)
      problems.push_back(invalid(problem.message, prefix + problem.pointer));
  };
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const json::object* task = tasks[i].if_object();
    const json::string* name = task != nullptr ? string_at(*task, "module") : nullptr;
    const modules::Module* const module = name != nullptr ? registry_.find(*name) : nullptr;
    const json::value* given = module != nullptr ? task->if_contains("data") : nullptr;
    if (given == nullptr || !given->is_object()) continue;
    const json::object& data = given->get_object();
    const std::string pointer = fmt::format("/tasks/{}/data", i);
    const auto breaches = modules::check_schema(module->schema(), data);
    for (Problem problem : breaches) {
      problem.pointer = pointer + problem.pointer;
      report(problem);
    }
    if (!breaches.empty()) continue;
    // Planned as if every option set were there and empty; what is missing on this machine is not asked.
    modules::Facts facts;
    facts.working_directory = "/";
    facts.attempt_folder = ".sisyphus-JOB-ATTEMPT";
    for (const std::string& name : module->needs(data, facts.working_directory).option_sets)
      facts.option_sets[name];
    const modules::Planned planned = module->plan(data, facts);
    for (Problem problem : planned.problems) {
      problem.pointer = pointer + problem.pointer;
      report(problem);
    }
    if (!planned.plan) continue;
    for (const Problem& problem : flow.add(i, *planned.plan)) report(problem);
  }
}

}  // namespace sisyphus::actors
