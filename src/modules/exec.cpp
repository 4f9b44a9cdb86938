#include "modules/exec.hpp"

#include "modules/exec_progress.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

// One path in a task's data, to be replaced by what the program is given.
struct PathInData {
  std::string pointer;
  json::string* text;
};

// The paths that the pointers lead to, in `data`: a string each, or a list of them. What is left out, or
// null, is no file.
std::vector<PathInData> paths_at(const std::vector<std::string>& pointers, json::value& data,
                                 std::vector<Problem>& problems) {
  std::vector<PathInData> paths;
  const auto add = [&](const std::string& pointer, json::value& value) {
    json::string* const text = value.if_string();
    if (text == nullptr || text->empty()) {
      problems.push_back({kDocument, pointer, "expected the path of a file"});
    } else {
      paths.push_back({pointer, text});
    }
  };
  for (const std::string& pointer : pointers) {
    std::error_code absent;
    json::value* const value = data.find_pointer(pointer, absent);
    if (value == nullptr || value->is_null()) continue;
    if (json::array* const list = value->if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) add(fmt::format("{}/{}", pointer, i), (*list)[i]);
    } else {
      add(pointer, *value);
    }
  }
  return paths;
}

void check_program(const std::string& program, const Facts& facts, std::vector<Problem>& problems) {
  if (program.find('/') == std::string::npos) {
    check_programs({program.c_str()}, facts, problems);
  } else if (!facts.programs.contains(program)) {
    problems.push_back({kEnvironment, "", fmt::format("there is no executable {}", program)});
  }
}

}  // namespace

Needs ExecModule::needs(const json::object&, const std::string&) const {
  return {{manifest_.command.front()}, {}, {}};
}

Planned ExecModule::plan(const json::object& data, const Facts& facts) const {
  Planned planned;
  Plan plan;
  json::value given = data;
  check_program(manifest_.command.front(), facts, planned.problems);

  std::vector<InputFile> inputs;
  for (const auto& [pointer, text] : paths_at(manifest_.inputs, given, planned.problems)) {
    const std::string path = absolute_path(*text, facts.working_directory);
    const bool to_come = written_before(facts, path) && !facts.earlier_tasks_done;
    if (!to_come && path_kind(path) == PathKind::missing)
      planned.problems.push_back({kEnvironment, pointer, fmt::format("{} does not exist", path)});
    inputs.push_back({"the input " + pointer, path});
    plan.inputs.push_back(path);
    *text = path;
  }
  std::map<std::string, std::string> seen;  // normal path -> pointer
  for (const auto& [pointer, text] : paths_at(manifest_.outputs, given, planned.problems)) {
    if (!check_names_file(std::string(*text), pointer, planned.problems)) continue;
    const std::string path = absolute_path(*text, facts.working_directory);
    const auto [first, is_new] = seen.emplace(normal_path(path, "/"), pointer);
    if (!is_new) {
      planned.problems.push_back(
          {kDocument, pointer, fmt::format("found {} again, it is {} already", path, first->second)});
      continue;
    }
    check_output(path, pointer, inputs, planned.problems);
    plan.outputs.push_back({path, staged_path(path, facts.attempt_folder)});
    plan.writes.push_back(first->first);
    *text = plan.outputs.back().staged;
  }
  in_document_order(planned.problems, data);
  if (has_document_problem(planned.problems)) return planned;

  RunProgram run{manifest_.command, json::serialize(given)};
  if (const auto program = facts.programs.find(run.argv.front()); program != facts.programs.end())
    run.argv.front() = program->second;
  plan.action = std::move(run);
  plan.resources = manifest_.resources;
  plan.stop = StopPolicy::terminate;
  plan.timeout = manifest_.timeout;
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> ExecModule::progress(const Plan&) const {
  return std::make_unique<ExecProgressReader>();
}

}  // namespace sisyphus::modules
