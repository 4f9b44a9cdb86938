#include "modules/handbrake.hpp"

#include "modules/file_checks.hpp"
#include "modules/handbrake_checks.hpp"
#include "modules/handbrake_command.hpp"
#include "modules/handbrake_progress.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"
#include "modules/schema.hpp"

#include <algorithm>
#include <iterator>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::string program_path(const Facts& facts, const char* name) {
  const auto found = facts.programs.find(name);
  return found == facts.programs.end() ? name : found->second;
}

// On a pipe HandBrakeCLI would keep its reports back for seconds: stdbuf makes its output go out line by
// line. Its own temporary folder (statistics of a first pass, previews) stays behind when it is killed,
// unless it lies in the folder that is removed then.
std::vector<std::string> run_argv(const json::object& data, const Facts& facts, const std::string& staged) {
  std::vector<std::string> argv{program_path(facts, "env"), "TMPDIR=" + parent_folder(staged),
                                program_path(facts, "stdbuf"), "-oL", program_path(facts, "HandBrakeCLI")};
  const auto original = handbrake_argv(handbrake_run_data(data, facts.working_directory, staged));
  argv.insert(argv.end(), std::next(original.begin()), original.end());
  argv.push_back("--json");
  return argv;
}

}  // namespace

const json::value& HandbrakeModule::schema() const {
  return embedded_schema(name());
}

Needs HandbrakeModule::needs(const json::object& data, const std::string&) const {
  Needs needs{{std::begin(kHandbrakePrograms), std::end(kHandbrakePrograms)}, {}, {}};
  if (names_handbrake_build_encoder(data)) needs.probes.push_back(handbrake_help_probe());
  return needs;
}

Planned HandbrakeModule::plan(const json::object& data, const Facts& facts) const {
  Planned planned;
  std::vector<Problem>& problems = planned.problems;
  check_programs(kHandbrakePrograms, facts, problems);
  check_handbrake_sources(data, facts, problems);
  check_handbrake_options(data, problems);
  check_handbrake_encoders(data, facts, problems);
  check_handbrake_output(data, facts, problems);
  in_document_order(problems, data);
  planned.warnings = handbrake_warnings(data);
  if (has_document_problem(problems)) return planned;

  const std::string target =
      absolute_path(std::string_view(data.at("output_file").as_string()), facts.working_directory);
  const std::string staged = staged_path(target, facts.attempt_folder);

  Plan plan;
  plan.argv = handbrake_argv(data);
  plan.action = RunProgram{run_argv(data, facts, staged), std::nullopt, {0}};
  plan.inputs = handbrake_inputs(data, facts.working_directory);
  plan.outputs.push_back({target, staged, true});
  plan.writes.push_back(normal_path(target, facts.working_directory));
  plan.encodes = true;
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> HandbrakeModule::progress(const Plan&) const {
  return std::make_unique<HandbrakeProgressReader>();
}

}  // namespace sisyphus::modules
