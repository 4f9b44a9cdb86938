#include "modules/verify.hpp"

#include "modules/ffmpeg_capabilities.hpp"
#include "modules/ffmpeg_checks.hpp"
#include "modules/ffmpeg_extent.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"
#include "modules/schema.hpp"
#include "modules/verify_checks.hpp"
#include "modules/verify_command.hpp"
#include "modules/verify_progress.hpp"

#include <algorithm>
#include <cmath>

namespace sisyphus::modules {

namespace json = boost::json;

namespace {

// How long the run takes: it reads the file, or what it was made from when that is all that is known.
void measure_run(const VerifyTask& task, const std::optional<MediaInfo>& file,
                 const std::optional<MediaInfo>& source, Plan& plan) {
  const auto& known = file ? file : source;
  if (!known) return;
  plan.total_seconds = file ? file->seconds : cut_length(task.cut, source->seconds);
  const MediaStream* const film = film_of(*known);
  if (film == nullptr || !film->rate || !plan.total_seconds) return;
  plan.total_frames = std::max<std::int64_t>(1, std::llround(*plan.total_seconds * *film->rate));
}

}  // namespace

const json::value& VerifyModule::schema() const {
  return embedded_schema(name());
}

Needs VerifyModule::needs(const json::object& data, const std::string& working_directory) const {
  const VerifyTask task = read_verify_task(data, working_directory);
  Needs needs{{"ffprobe"}, {}, {}};
  if (task.needs_run()) needs.programs.push_back("ffmpeg");
  for (const std::string& path : {task.file, task.source}) {
    if (!path.empty() && path_kind(path) == PathKind::file) needs.probes.push_back(source_probe(path));
  }
  if (data.contains("vmaf")) needs.probes.push_back(ffmpeg_filters_probe());
  return needs;
}

Planned VerifyModule::plan(const json::object& data, const Facts& facts) const {
  const VerifyTask task = read_verify_task(data, facts.working_directory);
  Planned planned;
  std::vector<Problem>& problems = planned.problems;
  check_programs({"ffprobe"}, facts, problems);
  if (task.needs_run()) check_programs({"ffmpeg"}, facts, problems);
  check_comparisons(data, task, problems);

  Plan plan;
  const auto file = verify_media("file", task.file, facts, problems);
  const auto source =
      task.source.empty() ? std::nullopt : verify_media("source", task.source, facts, problems);
  check_comparable(task, source, facts, problems);
  if (file) check_media(task, *file, source, plan.results, problems);
  in_document_order(problems, data);
  if (has_document_problem(problems)) return planned;

  plan.inputs.push_back(task.file);
  if (!task.source.empty()) plan.inputs.push_back(task.source);
  if (task.needs_run()) {
    const auto program = facts.programs.find("ffmpeg");
    plan.action = RunProgram{
        verify_run_argv(task, program == facts.programs.end() ? "ffmpeg" : program->second, file, source),
        std::nullopt,
        {0}};
    plan.expected = expected_of_run(task, file);
    plan.encodes = true;  // takes as long as if it did
    measure_run(task, file, source, plan);
  } else {
    plan.action = NoAction{};
  }
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> VerifyModule::progress(const Plan& plan) const {
  if (!std::holds_alternative<RunProgram>(plan.action)) return nullptr;
  return std::make_unique<VerifyProgressReader>(plan);
}

}  // namespace sisyphus::modules
