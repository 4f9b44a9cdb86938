#include "modules/ffmpeg.hpp"

#include "modules/ffmpeg_capabilities.hpp"
#include "modules/ffmpeg_checks.hpp"
#include "modules/ffmpeg_command.hpp"
#include "modules/ffmpeg_extent.hpp"
#include "modules/ffmpeg_progress.hpp"
#include "modules/ffmpeg_streams.hpp"
#include "modules/ffmpeg_task.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"
#include "modules/schema.hpp"

#include <algorithm>

namespace sisyphus::modules {

namespace json = boost::json;

namespace {

// A stream without a codec of its own is encoded.
bool encodes(const FfmpegTask& task) {
  const auto is_copied = [](const FfmpegTask::OutputMap& map) {
    return std::any_of(map.options.begin(), map.options.end(), [](const auto& option) {
      return (option.key() == "codec" || option.key() == "c") && option.value() == "copy";
    });
  };
  return task.output_maps.empty() ||
         !std::all_of(task.output_maps.begin(), task.output_maps.end(), is_copied);
}

}  // namespace

const json::value& FfmpegModule::schema() const {
  return embedded_schema(name());
}

Needs FfmpegModule::needs(const json::object& data, const std::string& working_directory) const {
  const FfmpegTask task = read_ffmpeg_task(data);
  Needs needs{{"ffmpeg", "ffprobe"}, ffmpeg_option_sets(data), capability_probes(data)};
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    const std::string path = absolute_path(task.sources[i], working_directory);
    // Only files: ffprobe would wait on a pipe for ever.
    if (can_probe(task, i) && path_kind(path) == PathKind::file) needs.probes.push_back(source_probe(path));
  }
  return needs;
}

Planned FfmpegModule::plan(const json::object& data, const Facts& facts) const {
  Planned planned;
  std::vector<Problem>& problems = planned.problems;

  const json::object merged = with_option_sets(data, facts.option_sets, problems);
  // The data passed the schema, so what does not pass now came with an option set.
  for (Problem& problem : check_schema(schema(), merged)) {
    problem.message.insert(0, "in the option set: ");
    problems.push_back(std::move(problem));
  }
  const FfmpegTask task = read_ffmpeg_task(merged);
  check_programs({"ffmpeg", "ffprobe"}, facts, problems);
  check_source_indexes(task, problems);
  const auto sources = check_sources(task, facts, problems);
  check_source_maps(task, facts, sources, problems);
  check_capabilities(data, task, facts, problems);
  check_output_file(task, facts, problems);
  in_document_order(problems, data);
  if (has_document_problem(problems)) return planned;

  const std::string target = absolute_path(task.output_file, facts.working_directory);
  const std::string normal_target = normal_path(target, facts.working_directory);
  const std::string staged = staged_path(target, facts.attempt_folder);
  const auto program = facts.programs.find("ffmpeg");

  Plan plan;
  plan.argv = ffmpeg_argv(task, facts.working_directory);
  plan.action =
      RunProgram{ffmpeg_run_argv(task, facts.working_directory,
                                 program == facts.programs.end() ? "ffmpeg" : program->second, staged),
                 std::nullopt,
                 {0}};
  for (const std::string& source : task.sources) {
    plan.inputs.push_back(absolute_path(source, facts.working_directory));
  }
  plan.outputs.push_back({target, staged, task.overwrite || facts.own_outputs.contains(normal_target)});
  plan.writes.push_back(normal_target);
  if (auto types = ffmpeg_stream_types(task, facts, sources))
    plan.stream_types[normal_target] = std::move(*types);
  const FfmpegExtent extent = ffmpeg_extent(task, sources);
  plan.total_frames = extent.frames;
  plan.total_seconds = extent.seconds;
  plan.encodes = encodes(task);
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> FfmpegModule::progress(const Plan& plan) const {
  return std::make_unique<FfmpegProgressReader>(plan.total_frames, plan.total_seconds);
}

}  // namespace sisyphus::modules
