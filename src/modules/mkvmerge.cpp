#include "modules/mkvmerge.hpp"

#include "modules/file_checks.hpp"
#include "modules/matroska_info.hpp"
#include "modules/mkv_progress.hpp"
#include "modules/mkvmerge_checks.hpp"
#include "modules/mkvmerge_command.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"
#include "modules/schema.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Arguments = std::vector<std::string>;

// Above this the options go through a file: one argument may be 128 KiB, a whole command a good deal more,
// and `ps` and logs stay readable.
constexpr std::size_t kLongCommand = 16U << 10;  // bytes

// Names that look like this module's own and do nothing; the original's README has one.
void warn_of_copy_options(const MkvmergeTask& task, std::vector<std::string>& warnings) {
  static const std::set<std::string_view> kKnown{"_copy-video-tracks", "_copy-audio-tracks",
                                                 "_copy-subtitles-tracks", "_copy-buttons-tracks"};
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    for (const auto& [key, value] : task.sources[i].options) {
      if (!key.starts_with("_copy-") || kKnown.contains(key)) continue;
      warnings.push_back(fmt::format("source {}: the option {} does nothing; there are {}", i,
                                     std::string_view(key), fmt::join(kKnown, ", ")));
    }
  }
}

// What is known of the tracks that were chosen.
struct TrackTypes {
  Arguments types;       // one each; empty for one that is not known (yet)
  std::string deferred;  // why one is not known yet
  bool wrong = false;    // one will never be known: there is a problem
  bool known() const { return !wrong && deferred.empty(); }
};

TrackTypes track_types(const MkvmergeTask& task, const Facts& facts, std::vector<Problem>& problems) {
  std::vector<MatroskaSource> sources;
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    const std::string path = absolute_path(task.sources[i].filename, facts.working_directory);
    sources.push_back(look_at_source(path, fmt::format("/sources/{}/filename", i), facts, problems));
  }
  TrackTypes result{Arguments(task.tracks.size()), {}, false};
  for (std::size_t i = 0; i < task.tracks.size(); ++i) {
    const auto& track = task.tracks[i];
    if (track.source >= sources.size()) {  // said already
      result.wrong = true;
      continue;
    }
    const MatroskaSource& source = sources[track.source];
    if (!source.info) {
      result.wrong = result.wrong || source.deferred.empty();
      if (result.deferred.empty()) result.deferred = source.deferred;
      continue;
    }
    const auto complain = [&](std::string_view what) {
      result.wrong = true;
      problems.push_back(
          {Problem::Kind::environment, fmt::format("/tracks/{}/track", i),
           fmt::format("source {} ({}) {}; it has {}", track.source, task.sources[track.source].filename,
                       what, describe_tracks(*source.info))});
    };
    const auto found = std::find_if(source.info->tracks.begin(), source.info->tracks.end(),
                                    [&](const MatroskaTrack& one) { return one.id == track.track; });
    static constexpr std::string_view kTypes[] = {"video", "audio", "subtitles", "buttons"};
    if (found == source.info->tracks.end()) {
      complain(fmt::format("has no track {}", track.track));
    } else if (std::find(std::begin(kTypes), std::end(kTypes), found->type) == std::end(kTypes)) {
      complain(fmt::format("has a track {} of a type that mkvmerge cannot choose", track.track));
    } else {
      result.types[i] = found->type;
    }
  }
  return result;
}

std::vector<Attachment> all_attachments(const MkvmergeTask& task, const Facts& facts, Planned& planned) {
  std::vector<Attachment> all;
  for (std::size_t i = 0; i < task.attachments.size(); ++i) {
    Attachment attachment = task.attachments[i];
    attachment.path = absolute_path(attachment.path, facts.working_directory);
    const bool expected = yet_to_be_written(facts, attachment.path);
    const PathKind kind = path_kind(attachment.path);
    if (kind != PathKind::file && !expected) {
      planned.problems.push_back(
          {Problem::Kind::environment, fmt::format("/attachments/{}/filename", i),
           fmt::format("the attachment {} {}", attachment.path,
                       kind == PathKind::missing ? "does not exist" : "is not a regular file")});
    }
    all.push_back(std::move(attachment));
  }
  for (std::size_t i = 0; i < task.attachment_directories.size(); ++i) {
    const std::string folder = absolute_path(task.attachment_directories[i], facts.working_directory);
    const auto files = attachments_in(folder, fmt::format("/attachment_directories/{}", i), facts, planned);
    all.insert(all.end(), files.begin(), files.end());
  }
  return all;
}

// mkvmerge takes every argument that begins with "@" for the name of a file with options, and has no way to
// say that it is none. In a JSON file of options nothing is special.
bool needs_options_file(const Arguments& arguments) {
  std::size_t bytes = 0;
  for (const std::string& argument : arguments) bytes += argument.size() + 1;
  return bytes > kLongCommand || std::any_of(arguments.begin(), arguments.end(),
                                             [](const std::string& one) { return one.starts_with('@'); });
}

// Sets how the program is run.
void add_command(Plan& plan, const std::string& program, Arguments arguments, const std::string& staged) {
  arguments.insert(arguments.begin(), "--gui-mode");
  RunProgram run{{program}, std::nullopt, {0, 1}};  // 1: there were warnings
  if (needs_options_file(arguments)) {
    // The name's end is what tells mkvmerge that it is JSON.
    const char* const name = base_name(staged) == "options.json" ? "options-2.json" : "options.json";
    const std::string path = join_path(parent_folder(staged), name);
    json::array list;
    for (const std::string& argument : arguments) list.emplace_back(argument);
    plan.support_files[path] = json::serialize(list);
    run.argv.push_back("@" + path);
  } else {
    run.argv.insert(run.argv.end(), arguments.begin(), arguments.end());
  }
  plan.action = std::move(run);
}

// Whether the output has the chosen tracks and no others.
bool takes_only_chosen(const MkvmergeTask& task) {
  return !task.options.contains("split") &&
         std::none_of(task.sources.begin(), task.sources.end(), [](const MkvmergeTask::Source& source) {
           return std::any_of(source.options.begin(), source.options.end(),
                              [](const auto& option) { return option.key().starts_with("_copy-"); });
         });
}

}  // namespace

const json::value& MkvmergeModule::schema() const {
  return embedded_schema(name());
}

Needs MkvmergeModule::needs(const json::object& data, const std::string& working_directory) const {
  Needs needs{{"mkvmerge"}, {}, {}};
  for (const auto& source : read_mkvmerge_task(data).sources) {
    add_matroska_probe(absolute_path(source.filename, working_directory), needs.probes);
  }
  return needs;
}

Planned MkvmergeModule::plan(const json::object& data, const Facts& facts) const {
  Planned planned;
  const MkvmergeTask task = read_mkvmerge_task(data);
  const std::string target = absolute_path(task.output_file, facts.working_directory);
  check_programs({"mkvmerge"}, facts, planned.problems);
  check_mkvmerge_document(task, planned.problems);
  warn_of_copy_options(task, planned.warnings);
  const TrackTypes tracks = track_types(task, facts, planned.problems);
  const std::vector<Attachment> attachments = all_attachments(task, facts, planned);
  std::vector<InputFile> inputs;
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    inputs.push_back(
        {fmt::format("source {}", i), absolute_path(task.sources[i].filename, facts.working_directory)});
  }
  for (const Attachment& attachment : attachments) inputs.push_back({"an attachment", attachment.path});
  if (check_names_file(task.output_file, "/output_file", planned.problems)) {
    check_output(target, "/output_file", inputs, planned.problems);
  }
  in_document_order(planned.problems, data);

  if (tracks.wrong || has_document_problem(planned.problems)) return planned;
  Plan plan;
  const std::string staged = staged_path(target, facts.attempt_folder);
  const std::string normal_target = normal_path(target, facts.working_directory);
  for (const InputFile& input : inputs) plan.inputs.push_back(input.path);
  plan.outputs.push_back({target, staged});
  plan.writes.push_back(normal_target);
  planned.deferred = tracks.deferred;
  if (tracks.known()) {
    const auto arguments = [&](const std::string& output) {
      return mkvmerge_arguments(task, tracks.types, attachments, facts.working_directory, output);
    };
    plan.argv = arguments(target);
    plan.argv.insert(plan.argv.begin(), "mkvmerge");
    const auto program = facts.programs.find("mkvmerge");
    add_command(plan, program == facts.programs.end() ? "mkvmerge" : program->second, arguments(staged),
                staged);
    if (takes_only_chosen(task)) plan.stream_types[normal_target] = tracks.types;
  }
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> MkvmergeModule::progress(const Plan&) const {
  return std::make_unique<MkvProgressReader>();
}

}  // namespace sisyphus::modules
