#include "modules/ffmpeg_streams.hpp"

#include "modules/file_checks.hpp"
#include "modules/paths.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sisyphus::modules {
namespace {

using Types = std::vector<std::string>;

// mkvmerge's word for an ffmpeg specifier; empty for what is no track there.
std::string track_type(char specifier) {
  switch (specifier) {
    case 'v':
      return "video";
    case 'a':
      return "audio";
    case 's':
      return "subtitles";
    default:
      return "";
  }
}

bool numbers_as_ffmpeg_does(const std::string& path) {
  static constexpr std::string_view kExtensions[] = {"mkv", "mka", "mks", "webm", "mp4", "m4v", "m4a"};
  std::string extension = path.substr(path.rfind('.') + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(std::begin(kExtensions), std::end(kExtensions), extension) != std::end(kExtensions);
}

// Options that add streams to the output or keep some out.
bool chooses_streams(const boost::json::object& options) {
  static constexpr std::string_view kNames[] = {"map",   "vn", "an",     "sn",    "dn", "filter_complex",
                                                "lavfi", "f",  "frames", "attach"};
  return std::any_of(options.begin(), options.end(), [](const auto& option) {
    const std::string_view key = option.key();
    const std::string_view name = key.substr(0, key.find(':'));
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
  });
}

// The streams of a source that one map takes, from the source's own.
std::optional<Types> mapped(const MediaInfo& info, const FfmpegTask::SourceMap& map) {
  Types types;
  for (const MediaStream* stream : select_streams(info, map.specifier, map.stream)) {
    if (stream->type == "attachment") continue;
    std::string type = stream->type.empty() || stream->picture ? "" : track_type(stream->type.front());
    if (type.empty()) return std::nullopt;
    types.push_back(std::move(type));
  }
  return types;
}

// The same from the tracks of a file that is yet to be written.
std::optional<Types> mapped(const Types& tracks, const FfmpegTask::SourceMap& map) {
  return mapped(foretold_media(tracks), map);
}

}  // namespace

std::optional<Types> ffmpeg_stream_types(const FfmpegTask& task, const Facts& facts,
                                         const std::map<std::size_t, MediaInfo>& sources) {
  if (!numbers_as_ffmpeg_does(task.output_file) || chooses_streams(task.input_options)) return std::nullopt;
  for (const auto& map : task.output_maps) {
    if (chooses_streams(map.options)) return std::nullopt;
  }
  Types types;
  for (const auto& map : task.source_maps) {
    if (map.specifier == "t") continue;
    const auto index = static_cast<std::size_t>(map.source);
    const std::string path = absolute_path(task.sources[index], facts.working_directory);
    const auto info = sources.find(index);
    const auto before = facts.streams_before.find(normal_path(path, facts.working_directory));
    std::optional<Types> some;
    if (info != sources.end() && !yet_to_be_written(facts, path)) {
      some = mapped(info->second, map);
    } else if (before != facts.streams_before.end()) {
      some = mapped(before->second, map);
    } else if (!map.specifier.empty() && map.stream && !map.optional) {
      some = Types{track_type(map.specifier.front())};
    }
    if (!some || std::count(some->begin(), some->end(), "") > 0) return std::nullopt;
    types.insert(types.end(), some->begin(), some->end());
  }
  return types;
}

}  // namespace sisyphus::modules
