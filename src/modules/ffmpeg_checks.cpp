#include "modules/ffmpeg_checks.hpp"

#include "modules/ffmpeg_command.hpp"
#include "modules/file_checks.hpp"
#include "modules/image_names.hpp"
#include "modules/paths.hpp"

#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

std::string source_pointer(std::size_t index) {
  return fmt::format("/sources/{}", index);
}

std::string stream_wanted(const FfmpegTask::SourceMap& map) {
  static const std::map<std::string, std::string> kWords{
      {"v", "video "}, {"a", "audio "}, {"s", "subtitle "}, {"d", "data "}, {"t", "attachment "}, {"", ""}};
  return kWords.at(map.specifier) + "stream" + (map.stream ? fmt::format(" {}", *map.stream) : "");
}

// What is known of the streams of one kind in a source: of a file that is there, or that an earlier task is
// about to write. Of the latter the sound and the subtitles only, as pictures among its attachments may be
// further video streams.
std::optional<MediaInfo> known_media(const FfmpegTask& task, std::size_t source, const std::string& specifier,
                                     const Facts& facts, const std::map<std::size_t, MediaInfo>& sources) {
  const std::string path = absolute_path(task.sources[source], facts.working_directory);
  if (!yet_to_be_written(facts, path)) {
    const auto found = sources.find(source);
    return found == sources.end() ? std::nullopt : std::optional(found->second);
  }
  const auto types = facts.streams_before.find(normal_path(path, facts.working_directory));
  if (types == facts.streams_before.end() || (specifier != "a" && specifier != "s")) return std::nullopt;
  return foretold_media(types->second);
}

}  // namespace

Probe source_probe(const std::string& absolute) {
  std::vector<std::string> argv{"ffprobe", "-v",           "error",        "-print_format",
                                "json",    "-show_format", "-show_streams"};
  const std::vector<std::string> literal = literal_image_options(absolute);
  argv.insert(argv.end(), literal.begin(), literal.end());
  argv.insert(argv.end(), {"-protocol_whitelist", kLocalProtocols, "file:" + absolute});
  return {"ffprobe:" + absolute, std::move(argv), absolute};
}

void check_source_indexes(const FfmpegTask& task, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < task.source_maps.size(); ++i) {
    const auto source = static_cast<std::size_t>(task.source_maps[i].source);
    if (source < task.sources.size()) continue;
    problems.push_back(
        {kDocument, fmt::format("/source_maps/{}/source", i), no_such_source(source, task.sources.size())});
  }
}

std::map<std::size_t, MediaInfo> check_sources(const FfmpegTask& task, const Facts& facts,
                                               std::vector<Problem>& problems) {
  std::map<std::size_t, MediaInfo> sources;
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    const std::string path = absolute_path(task.sources[i], facts.working_directory);
    const bool expected = yet_to_be_written(facts, path);
    const auto complain = [&](std::string message) {
      if (!expected) problems.push_back({kEnvironment, source_pointer(i), std::move(message)});
    };
    const PathKind kind = path_kind(path);
    if (kind == PathKind::missing && !is_image_sequence(path)) {
      complain(fmt::format("the source {} does not exist", path));
    }
    if (kind == PathKind::folder) complain(fmt::format("the source {} is a folder", path));
    if (kind == PathKind::other) complain(fmt::format("the source {} is not a regular file", path));
    if (kind != PathKind::file || !can_probe(task, i)) continue;

    const auto probed = facts.probes.find(source_probe(path).key);
    if (probed == facts.probes.end()) continue;
    if (probed->second.exit_code == 127) continue;  // no ffprobe: said already
    if (probed->second.exit_code != 0) {
      complain(fmt::format("the source {} is no media file that ffprobe can read: {}", path,
                           words_of(probed->second, "ffprobe")));
      continue;
    }
    auto info = read_media_info(probed->second.out);
    if (info)
      sources.emplace(i, std::move(*info));
    else
      complain(fmt::format("the source {}: {}", path, info.error().detail));
  }
  return sources;
}

void check_source_maps(const FfmpegTask& task, const Facts& facts,
                       const std::map<std::size_t, MediaInfo>& sources, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < task.source_maps.size(); ++i) {
    const auto& map = task.source_maps[i];
    const auto index = static_cast<std::size_t>(map.source);
    if (map.optional || index >= task.sources.size()) continue;
    const auto info = known_media(task, index, map.specifier, facts, sources);
    if (!info || !select_streams(*info, map.specifier, map.stream).empty()) continue;
    problems.push_back({kEnvironment, fmt::format("/source_maps/{}", i),
                        fmt::format("source {} ({}) has no {}, counted from 0; it has {}", index,
                                    task.sources[index], stream_wanted(map), describe_streams(*info))});
  }
}

void check_output_file(const FfmpegTask& task, const Facts& facts, std::vector<Problem>& problems) {
  const std::string path = absolute_path(task.output_file, facts.working_directory);
  std::vector<InputFile> sources;
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    sources.push_back({fmt::format("source {}", i), absolute_path(task.sources[i], facts.working_directory)});
  }
  if (!check_names_file(task.output_file, "/output_file", problems)) return;
  check_output(path, "/output_file", sources, problems);
  if (folder_spoils_image_sequence(path)) {
    problems.push_back({kEnvironment, "/output_file",
                        fmt::format("ffmpeg takes the % in the folder {} for the number of a picture; write "
                                    "pictures to a folder without one",
                                    parent_folder(path))});
  }
  if (path_kind(path) == PathKind::file && !task.overwrite &&
      !facts.own_outputs.contains(normal_path(path, "/"))) {
    problems.push_back({kEnvironment, "/output_file",
                        fmt::format("the output {} exists; set overwrite to true to replace it", path)});
  }
}

}  // namespace sisyphus::modules
