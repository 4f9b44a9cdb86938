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

// A picture that comes along (a cover) is an attachment, whatever ffprobe calls it.
bool fits(const VerifyTask::Streams& wanted, const MediaStream& stream) {
  const std::string& type = stream.picture ? std::string("attachment") : stream.type;
  return type == wanted.type && (wanted.codec.empty() || wanted.codec == stream.codec) &&
         (wanted.language.empty() || wanted.language == stream.language);
}

std::string in_words(const VerifyTask::Streams& wanted) {
  std::string text = wanted.type;
  for (const std::string& detail : {wanted.codec, wanted.language}) {
    if (!detail.empty()) text += " " + detail;
  }
  return text;
}

void check_streams(const VerifyTask& task, const MediaInfo& file, std::vector<Problem>& problems) {
  if (file.streams.empty()) problems.push_back({kEnvironment, "/file", "it has no streams, expected some"});
  for (std::size_t i = 0; i < task.streams.size(); ++i) {
    const VerifyTask::Streams& wanted = task.streams[i];
    const auto found = std::count_if(file.streams.begin(), file.streams.end(),
                                     [&](const MediaStream& stream) { return fits(wanted, stream); });
    if (wanted.count ? found == *wanted.count : found > 0) continue;
    problems.push_back(
        {kEnvironment, fmt::format("/streams/{}", i),
         fmt::format("found {} of {}, expected {}; the file has {}", found, in_words(wanted),
                     wanted.count ? std::to_string(*wanted.count) : "at least 1", describe_streams(file))});
  }
}

void check_duration(const VerifyTask& task, const MediaInfo& file, const MediaInfo& source,
                    json::object& results, std::vector<Problem>& problems) {
  const auto complain = [&](std::string message) {
    problems.push_back({kEnvironment, "/duration", std::move(message)});
  };
  const auto expected = cut_length(task.cut, source.seconds);
  if (expected) results["expected_duration_s"] = *expected;
  if (!task.tolerance_s) return;
  if (!expected) {
    complain(source.seconds
                 ? fmt::format("ss, to and t leave nothing of the source's {:.3f} s", *source.seconds)
                 : "the source does not tell its duration; set duration to false to leave this check out");
  } else if (!file.seconds) {
    complain(fmt::format("the file does not tell its duration, expected {:.3f} s", *expected));
  } else if (std::abs(*file.seconds - *expected) > *task.tolerance_s) {
    complain(fmt::format("the file's duration is {:.3f} s, expected {:.3f} s within {} s", *file.seconds,
                         *expected, *task.tolerance_s));
  }
}

void check_size(const VerifyTask& task, const MediaInfo& file, const MediaInfo& source,
                std::vector<Problem>& problems) {
  if (!task.smaller_than || !file.size_bytes || !source.size_bytes) return;
  const double most = *task.smaller_than * static_cast<double>(*source.size_bytes);
  if (static_cast<double>(*file.size_bytes) <= most) return;
  problems.push_back(
      {kEnvironment, "/smaller_than",
       fmt::format("the file's size is {} bytes, expected at most {:.0f} ({} of the source's {})",
                   *file.size_bytes, std::floor(most), *task.smaller_than, *source.size_bytes)});
}

}  // namespace

const MediaStream* film_of(const MediaInfo& info) {
  const auto film = std::find_if(info.streams.begin(), info.streams.end(), [](const MediaStream& stream) {
    return stream.type == "video" && !stream.picture;
  });
  return film == info.streams.end() ? nullptr : &*film;
}

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
  const auto complain = [&](std::string message) {
    problems.push_back({kEnvironment, "/" + key, std::move(message)});
    return std::nullopt;
  };
  const PathKind kind = path_kind(path);
  if (kind == PathKind::missing) return complain(fmt::format("the {} {} does not exist", key, path));
  if (kind != PathKind::file) return complain(fmt::format("the {} {} is not a regular file", key, path));
  const auto probed = facts.probes.find(source_probe(path).key);
  // No answer: not asked (a check without the files). 127: no ffprobe, which is said already.
  if (probed == facts.probes.end() || probed->second.exit_code == 127) return std::nullopt;
  if (probed->second.exit_code != 0) {
    return complain(fmt::format("the {} {} is no media file that ffprobe can read: {}", key, path,
                                words_of(probed->second, "ffprobe")));
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
    check_duration(task, file, *source, results, problems);
    check_size(task, file, *source, problems);
  }
  const auto is_decoded = [](const MediaStream& one) { return one.type == "video" || one.type == "audio"; };
  if (task.full && std::none_of(file.streams.begin(), file.streams.end(), is_decoded)) {
    problems.push_back({kEnvironment, "/full", "the file has neither sound nor pictures to decode"});
  }
  for (const VerifyTask::Floor& floor : task.floors) {
    if (film_of(file) != nullptr) break;
    problems.push_back({kEnvironment, "/" + floor.name,
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
