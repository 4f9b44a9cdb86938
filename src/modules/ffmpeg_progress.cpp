#include "modules/ffmpeg_progress.hpp"

#include "modules/media_time.hpp"

#include <algorithm>
#include <charconv>

namespace sisyphus::modules {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

// "186x" with the unit "x"; "N/A" and below 0 are nothing.
std::optional<double> measure(std::string_view text, std::string_view unit) {
  if (text.ends_with(unit)) text.remove_suffix(unit.size());
  const auto number = decimal(text);
  return number && *number >= 0 ? number : std::nullopt;
}

}  // namespace

std::optional<Progress> FfmpegProgressReader::line(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view key = trimmed(text.substr(0, equals));
  const std::string_view value = trimmed(text.substr(equals + 1));
  if (key != "progress") {
    take(key, value);
    return std::nullopt;
  }
  if (value != "continue" && value != "end") return std::nullopt;
  Progress progress = report(value == "end");
  now_ = {};
  return progress;
}

void FfmpegProgressReader::take(std::string_view key, std::string_view value) {
  if (key == "frame") {
    now_.frame = whole(value);
  } else if (key == "fps") {
    now_.fps = measure(value, "");
    if (now_.fps == 0.0) now_.fps.reset();  // what it says until it has measured
  } else if (key == "speed") {
    now_.speed = measure(value, "x");
  } else if (key == "bitrate") {
    now_.bitrate_kbps = measure(value, "kbits/s");
  } else if (key == "total_size") {
    now_.size_bytes = whole(value);
  } else if (key == "out_time_us") {  // negative until the first packet is written
    const auto microseconds = whole(value);
    now_.elapsed_s = microseconds ? std::optional(static_cast<double>(*microseconds) / 1e6) : std::nullopt;
  }
}

std::optional<double> FfmpegProgressReader::share() const {
  if (total_frames_ && *total_frames_ > 0 && now_.frame) {
    return static_cast<double>(*now_.frame) / static_cast<double>(*total_frames_);
  }
  if (total_seconds_ && *total_seconds_ > 0 && now_.elapsed_s) return *now_.elapsed_s / *total_seconds_;
  return std::nullopt;
}

Progress FfmpegProgressReader::report(bool last) {
  static constexpr double kNotYetDone = 99.9;
  Progress progress = now_;
  progress.total_frames = total_frames_;
  const auto share = this->share();
  if (!share) {
    if (percent_ > 0) progress.percent = percent_;
    return progress;
  }
  const bool complete = last && *share >= 1;
  percent_ = complete ? 100 : std::max(percent_, std::min(*share * 100, kNotYetDone));
  progress.percent = percent_;

  const double left = std::max(0.0, 1 - *share);
  if (complete) {
    progress.eta_s = 0;
  } else if (total_frames_ && progress.frame && progress.fps.value_or(0) > 0) {
    progress.eta_s = left * static_cast<double>(*total_frames_) / *progress.fps;
  } else if (total_seconds_ && progress.speed.value_or(0) > 0) {
    progress.eta_s = left * *total_seconds_ / *progress.speed;
  }
  return progress;
}

}  // namespace sisyphus::modules
