#include "modules/verify_checks.hpp"

#include "modules/ffmpeg_capabilities.hpp"
#include "modules/ffmpeg_checks.hpp"
#include "modules/ffmpeg_extent.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;
constexpr auto kFinding = Problem::Kind::finding;

// A picture that comes along (a cover) is an attachment, whatever ffprobe calls it.
bool fits(const VerifyTask::Streams& wanted, const MediaStream& stream) {
  const auto is_it = [](const auto& number, const auto& found) { return !number || number == found; };
  const std::string& type = stream.picture ? std::string("attachment") : stream.type;
  return type == wanted.type && (wanted.codec.empty() || wanted.codec == stream.codec) &&
         (wanted.language.empty() || wanted.language == stream.language) &&
         (wanted.pixel_format.empty() || wanted.pixel_format == stream.pixel_format) &&
         is_it(wanted.width, stream.width) && is_it(wanted.height, stream.height) &&
         is_it(wanted.channels, stream.channels);
}

std::string in_words(const VerifyTask::Streams& wanted) {
  std::string text = wanted.type;
  for (const std::string& detail : {wanted.codec, wanted.language, wanted.pixel_format}) {
    if (!detail.empty()) text += " " + detail;
  }
  if (wanted.width) text += fmt::format(" {} wide", *wanted.width);
  if (wanted.height) text += fmt::format(" {} high", *wanted.height);
  if (wanted.channels) text += fmt::format(" of {} channels", *wanted.channels);
  return text;
}

// What the file has of their kind, with all that is wanted of them.
std::string of_their_kind(const VerifyTask::Streams& wanted, const MediaInfo& file) {
  std::string text;
  for (const MediaStream& stream : file.streams) {
    if (stream.picture || stream.type != wanted.type) continue;
    VerifyTask::Streams told{stream.type, stream.codec, stream.language, {}, {}, {}, {}, {}};
    if (!wanted.pixel_format.empty()) told.pixel_format = stream.pixel_format;
    if (wanted.width) told.width = stream.width;
    if (wanted.height) told.height = stream.height;
    if (wanted.channels) told.channels = stream.channels;
    text += (text.empty() ? "" : ", ") + in_words(told);
  }
  return text;
}

// Where the task does not say which streams it wants: of the two that a film is made of none is lost.
void check_nothing_lost(const MediaInfo& file, const MediaInfo& source, std::vector<Problem>& problems) {
  for (const std::string type : {"video", "audio"}) {
    const auto is_one = [&](const MediaStream& one) { return one.type == type && !one.picture; };
    const auto has = [&](const MediaInfo& info) {
      return std::any_of(info.streams.begin(), info.streams.end(), is_one);
    };
    if (has(file) || !has(source)) continue;
    problems.push_back({kFinding, "/file",
                        fmt::format("the file has no {0}, expected some as in the source ({1}); if that is "
                                    "meant, name in streams what the file must have",
                                    type, describe_streams(source))});
  }
}

void check_streams(const VerifyTask& task, const MediaInfo& file, std::vector<Problem>& problems) {
  if (file.streams.empty()) problems.push_back({kFinding, "/file", "the file has no streams, expected some"});
  for (std::size_t i = 0; i < task.streams.size(); ++i) {
    const VerifyTask::Streams& wanted = task.streams[i];
    const auto found = std::count_if(file.streams.begin(), file.streams.end(),
                                     [&](const MediaStream& stream) { return fits(wanted, stream); });
    if (wanted.count ? found == *wanted.count : found > 0) continue;
    const bool asks_for_more =
        !wanted.pixel_format.empty() || wanted.width || wanted.height || wanted.channels;
    const std::string theirs = asks_for_more ? of_their_kind(wanted, file) : "";
    problems.push_back({kFinding, fmt::format("/streams/{}", i),
                        fmt::format("found {} of {}, expected {}; the file has {}", found, in_words(wanted),
                                    wanted.count ? std::to_string(*wanted.count) : "at least 1",
                                    theirs.empty() ? describe_streams(file) : theirs)});
  }
}

// Of the first stream of a type, where that is told; else of the whole file.
std::optional<double> length_of(const MediaInfo& info, const std::string& type) {
  const auto first = std::find_if(info.streams.begin(), info.streams.end(), [&](const MediaStream& stream) {
    return stream.type == type && !stream.picture;
  });
  return first != info.streams.end() && first->seconds ? first->seconds : info.seconds;
}

// The films, or without one in the file the sound: a subtitle or a commentary that was left out may well have
// been longer.
void check_duration(const VerifyTask& task, const MediaInfo& file, const MediaInfo& source,
                    json::object& results, std::vector<Problem>& problems) {
  const auto complain = [&](std::string message) {
    problems.push_back({kFinding, "/duration", std::move(message)});
  };
  const std::string type = film_of(file) != nullptr ? "video" : "audio";
  const auto found = length_of(file, type);
  const auto whole = length_of(source, type);
  const auto expected = cut_length(task.cut, whole);
  if (found) results["duration_s"] = *found;
  if (expected) results["expected_duration_s"] = *expected;
  if (!task.tolerance_s) return;
  if (!expected) {
    complain(whole ? fmt::format("ss, to and t leave nothing of the source's {:.3f} s", *whole)
                   : "the source does not tell its duration; set duration to false to leave this check out");
  } else if (!found) {
    complain(fmt::format("the file does not tell its duration, expected {:.3f} s", *expected));
  } else if (std::abs(*found - *expected) > *task.tolerance_s) {
    complain(fmt::format("the file lasts {:.3f} s, {} {:.3f} s: more than {} s apart", *found,
                         task.cut.empty() ? "the source" : "that part of the source", *expected,
                         *task.tolerance_s));
  }
}

void check_size(const VerifyTask& task, const MediaInfo& file, const MediaInfo& source,
                std::vector<Problem>& problems) {
  if (!task.smaller_than || !file.size_bytes || !source.size_bytes) return;
  const double most = *task.smaller_than * static_cast<double>(*source.size_bytes);
  if (static_cast<double>(*file.size_bytes) <= most) return;
  problems.push_back(
      {kFinding, "/smaller_than",
       fmt::format("the file's size is {} bytes, expected at most {:.0f} ({} of the source's {})",
                   *file.size_bytes, std::floor(most), *task.smaller_than, *source.size_bytes)});
}

}  // namespace

void check_comparisons(const json::object& data, const VerifyTask& task, std::vector<Problem>& problems) {
  if (task.source.empty()) {
    for (const char* key : {"ss", "to", "t", "duration", "smaller_than", "ssim", "psnr", "vmaf"}) {
      const json::value* value = data.if_contains(key);
      if (value == nullptr || *value == false) continue;
      problems.push_back({kDocument, fmt::format("/{}", key), "it compares with a source: give source, too"});
    }
  } else if (normal_path(task.source, "/") == normal_path(task.file, "/")) {
    problems.push_back({kDocument, "/source", fmt::format("the source {} is also the file", task.source)});
  }
}

std::optional<MediaInfo> verify_media(const std::string& key, const std::string& path, const Facts& facts,
                                      std::vector<Problem>& problems) {
  if (yet_to_be_written(facts, path)) return std::nullopt;
  const auto complain = [&](std::string message, Problem::Kind kind = kEnvironment) {
    problems.push_back({kind, "/" + key, std::move(message)});
    return std::nullopt;
  };
  const PathKind kind = path_kind(path);
  if (kind == PathKind::missing) return complain(fmt::format("the {} {} does not exist", key, path));
  if (kind != PathKind::file) return complain(fmt::format("the {} {} is not a regular file", key, path));
  const auto probed = facts.probes.find(source_probe(path).key);
  // It came after ffprobe was asked. What nobody looked at must not pass.
  if (probed == facts.probes.end()) return complain(fmt::format("the {} {} was not there before", key, path));
  if (probed->second.exit_code == 127) return std::nullopt;  // no ffprobe, which is said already
  if (probed->second.exit_code != 0) {
    return complain(fmt::format("the {} {} is no media file that ffprobe can read: {}", key, path,
                                words_of(probed->second, "ffprobe")),
                    key == "file" ? kFinding : kEnvironment);
  }
  auto info = read_media_info(probed->second.out);
  if (!info) return complain(fmt::format("the {} {}: {}", key, path, info.error().detail));
  return std::move(*info);
}

void check_media(const VerifyTask& task, const MediaInfo& file, const std::optional<MediaInfo>& source,
                 json::object& results, std::vector<Problem>& problems) {
  if (file.size_bytes) results["size_bytes"] = *file.size_bytes;
  if (source && source->size_bytes) results["source_size_bytes"] = *source->size_bytes;
  if (file.seconds) results["duration_s"] = *file.seconds;
  check_streams(task, file, problems);
  if (source) {
    if (task.streams.empty()) check_nothing_lost(file, *source, problems);
    check_duration(task, file, *source, results, problems);
    check_size(task, file, *source, problems);
  }
  const auto is_decoded = [](const MediaStream& one) { return one.type == "video" || one.type == "audio"; };
  if (task.full && std::none_of(file.streams.begin(), file.streams.end(), is_decoded)) {
    problems.push_back({kFinding, "/full", "the file has neither sound nor pictures to decode"});
  }
  for (const VerifyTask::Floor& floor : task.floors) {
    if (film_of(file) != nullptr) break;
    problems.push_back({kFinding, "/" + floor.name,
                        fmt::format("the file has no video to compare; it has {}", describe_streams(file))});
  }
}

void check_comparable(const VerifyTask& task, const std::optional<MediaInfo>& source, const Facts& facts,
                      std::vector<Problem>& problems) {
  const FfmpegCapabilities known = ffmpeg_capabilities(facts);
  for (const VerifyTask::Floor& floor : task.floors) {
    if (source && film_of(*source) == nullptr) {
      problems.push_back(
          {kEnvironment, "/" + floor.name,
           fmt::format("the source has no video to compare; it has {}", describe_streams(*source))});
    }
    if (floor.name == "vmaf" && !known.filters.empty() && !known.filters.contains("libvmaf")) {
      problems.push_back({kEnvironment, "/vmaf",
                          "this ffmpeg was built without the filter libvmaf, which measures it; use ssim, or "
                          "an ffmpeg that has it"});
    }
  }
}

}  // namespace sisyphus::modules
