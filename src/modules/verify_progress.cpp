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

}  // namespace

json::object expected_of_run(const VerifyTask& task) {
  json::object expected{{"full", task.full}};
  for (const VerifyTask::Floor& floor : task.floors) expected[floor.name] = floor.least;
  return expected;
}

VerifyProgressReader::VerifyProgressReader(const Plan& plan)
    : FfmpegProgressReader(plan.total_frames, plan.total_seconds), expected_(plan.expected) {}

void VerifyProgressReader::error_line(std::string_view line) {
  static constexpr std::size_t kMost = 10;
  const auto read = read_log_line(line);
  if (!read) return;
  for (const Measure& measure : kMeasures) {
    if (!read->context.starts_with(measure.context) || read->level != "info") continue;
    if (const auto number = number_behind(read->text, measure.before)) {
      measured_[std::string(measure.name)] = *number;
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
  for (const auto& [name, value] : expected_) {
    if (name == "full") continue;
    const auto measured = measured_.find(std::string(name));
    const double least = value.as_double();
    if (measured == measured_.end()) {
      remarks.errors.push_back(fmt::format("{}: ffmpeg compared no pictures, expected at least {}",
                                           std::string_view(name), least));
      continue;
    }
    remarks.results[name] = measured->second;
    if (measured->second < least) {
      remarks.errors.push_back(
          fmt::format("{} is {}, expected at least {}", std::string_view(name), measured->second, least));
    }
  }
  if (expected_.at("full").as_bool() && error_count_ > 0) {
    remarks.errors.push_back(fmt::format("full: ffmpeg told of {} error{}, expected none:\n{}", error_count_,
                                         error_count_ == 1 ? "" : "s", fmt::join(errors_, "\n")));
  }
  remarks.failed = !remarks.errors.empty();
  return remarks;
}

}  // namespace sisyphus::modules
