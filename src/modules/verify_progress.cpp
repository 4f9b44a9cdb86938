#include "modules/verify_progress.hpp"

#include "modules/media_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

// "[Parsed_ssim_7 @ 0x5605ba0b5240] [info] SSIM Y:0.834052 …": who says it, at which level, what.
struct LogLine {
  std::string_view context;  // the last one before the level; empty: ffmpeg itself
  std::string_view level;
  std::string_view text;
};

std::optional<LogLine> read_log_line(std::string_view line) {
  LogLine read;
  while (line.starts_with('[')) {
    const std::size_t end = line.find("] ");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = line.substr(1, end - 1);
    line.remove_prefix(end + 2);
    if (inside.find(" @ ") == std::string_view::npos) {
      read.level = inside;
      read.text = line;
      return read;
    }
    read.context = inside;
  }
  return std::nullopt;
}

// The number of the measure that a filter tells at its end.
struct Measure {
  std::string_view name;
  std::string_view context;
  std::string_view before;  // the number
};
constexpr Measure kMeasures[] = {{"ssim", "Parsed_ssim_", " All:"},
                                 {"psnr", "Parsed_psnr_", " average:"},
                                 {"vmaf", "Parsed_libvmaf_", "VMAF score: "}};

std::optional<double> number_behind(std::string_view text, std::string_view before) {
  static constexpr double kSamePictures = 100;  // decibels; JSON has no infinity
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + before.size());
  text = text.substr(0, text.find(' '));
  return text == "inf" ? kSamePictures : decimal(text);
}

// How long what is decoded of a file must be: as long as the file says it is. Nothing where the file's length
// may be that of a stream of another kind.
std::optional<double> length_to_decode(const MediaInfo& file) {
  bool has_others = false;
  bool all_tell = true;
  double longest = 0;
  for (const MediaStream& stream : file.streams) {
    if (stream.picture || stream.type == "attachment") continue;
    const bool is_decoded = stream.type == "video" || stream.type == "audio";
    has_others = has_others || !is_decoded;
    all_tell = all_tell && (!is_decoded || stream.seconds);
    if (is_decoded) longest = std::max(longest, stream.seconds.value_or(0));
  }
  if (all_tell && longest > 0) return longest;
  return has_others ? std::nullopt : file.seconds;
}

}  // namespace

json::object expected_of_run(const VerifyTask& task, const std::optional<MediaInfo>& file) {
  json::object expected{{"full", task.full}};
  const auto length = task.full && file ? length_to_decode(*file) : std::nullopt;
  if (length) expected["least_s"] = std::max(0.0, *length - task.tolerance_s.value_or(kUsualToleranceS));
  for (const VerifyTask::Floor& floor : task.floors) expected[floor.name] = floor.least;
  return expected;
}

VerifyProgressReader::VerifyProgressReader(const Plan& plan)
    : FfmpegProgressReader(plan.total_frames, plan.total_seconds), expected_(plan.expected) {}

std::optional<Progress> VerifyProgressReader::line(std::string_view text) {
  auto progress = FfmpegProgressReader::line(text);
  if (progress && progress->elapsed_s) decoded_s_ = *progress->elapsed_s;
  return progress;
}

void VerifyProgressReader::error_line(std::string_view line) {
  static constexpr std::size_t kMost = 10;
  const auto read = read_log_line(line);
  if (!read) return;
  for (const Measure& measure : kMeasures) {
    if (!read->context.starts_with(measure.context) || read->level != "info") continue;
    if (const auto number = number_behind(read->text, measure.before)) {
      double& best = measured_.try_emplace(std::string(measure.name), *number).first->second;
      best = std::max(best, *number);
    }
  }
  // The null muxer wants each time once, which variable frame rates need not give: nothing is wrong with the
  // file.
  const bool is_error = read->level == "error" || read->level == "fatal" || read->level == "panic";
  if (!is_error || read->context.starts_with("null @")) return;
  ++error_count_;
  if (errors_.size() < kMost) errors_.emplace_back(read->text);
}

Remarks VerifyProgressReader::remarks() const {
  Remarks remarks;
  for (const Measure& measure : kMeasures) {
    const json::value* const floor = expected_.if_contains(measure.name);
    if (floor == nullptr) continue;
    const double least = floor->as_double();
    const auto measured = measured_.find(std::string(measure.name));
    if (measured == measured_.end()) {
      remarks.errors.push_back(
          fmt::format("{}: ffmpeg compared no pictures, expected at least {}", measure.name, least));
      continue;
    }
    remarks.results[measure.name] = measured->second;
    if (measured->second < least) {
      remarks.errors.push_back(
          fmt::format("{} is {}, expected at least {}", measure.name, measured->second, least));
    }
  }
  if (expected_.at("full").as_bool()) {
    remarks.results["decoded_s"] = decoded_s_;
    remarks.results["decode_errors"] = error_count_;
  }
  if (const json::value* const least = expected_.if_contains("least_s");
      least && decoded_s_ < least->as_double()) {
    remarks.errors.push_back(fmt::format("full: {:.3f} s could be decoded, expected at least {:.3f} s",
                                         decoded_s_, least->as_double()));
  }
  if (expected_.at("full").as_bool() && error_count_ > 0) {
    remarks.errors.push_back(fmt::format("full: ffmpeg told of {} error{}, expected none:\n{}", error_count_,
                                         error_count_ == 1 ? "" : "s", fmt::join(errors_, "\n")));
  }
  remarks.failed = !remarks.errors.empty();
  return remarks;
}

}  // namespace sisyphus::modules
