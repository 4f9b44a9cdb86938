#include "modules/ffmpeg_extent.hpp"

#include "modules/media_time.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::optional<double> time_option(const json::object& options, std::string_view key) {
  const json::value* value = options.if_contains(key);
  return value == nullptr ? std::nullopt : option_seconds(*value);
}

// How often the source is read: 1, n + 1, or infinity for a negative stream_loop.
double rounds(const json::object& options) {
  const auto loops = time_option(options, "stream_loop");
  if (!loops) return 1;
  return *loops < 0 ? HUGE_VAL : std::floor(*loops) + 1;
}

bool has_filter_of_frames(const json::object& options) {
  static constexpr std::array<std::string_view, 16> kFilters{
      "fps",   "framerate", "framestep", "minterpolate",   "telecine", "pullup", "decimate", "select",
      "yadif", "bwdif",     "interlace", "separatefields", "trim",     "setpts", "loop",     "tpad"};
  for (const std::string_view key : {"vf", "filter"}) {
    const json::value* value = options.if_contains(key);
    if (value == nullptr || value->is_null()) continue;
    if (!value->is_string()) return true;
    const std::string_view graph = value->get_string();
    if (std::any_of(kFilters.begin(), kFilters.end(),
                    [&](std::string_view name) { return graph.find(name) != std::string_view::npos; })) {
      return true;
    }
  }
  return false;
}

// What the output's options do to the number of frames.
struct FrameChange {
  bool unknown = false;
  std::optional<double> rate;  // the output's own
};

FrameChange frame_change(const FfmpegTask& task) {
  FrameChange change;
  for (const auto& map : task.output_maps) {
    if (map.specifier != "v" && !map.specifier.empty()) continue;
    for (const std::string_view key : {"fpsmax", "frames", "vframes", "vsync", "fps_mode", "filter_script"}) {
      change.unknown = change.unknown || map.options.contains(key);
    }
    change.unknown = change.unknown || has_filter_of_frames(map.options);
    if (const json::value* rate = map.options.if_contains("r")) {
      if (rate->is_number()) change.rate = rate->to_number<double>();
      if (rate->is_string()) change.rate = media_rate(std::string_view(rate->get_string()));
      change.unknown = change.unknown || !change.rate || *change.rate <= 0;
    }
  }
  return change;
}

std::optional<std::int64_t> frames_of(const FfmpegTask& task, const MediaStream& stream,
                                      std::optional<double> whole, std::optional<double> length) {
  const FrameChange change = frame_change(task);
  if (change.unknown) return std::nullopt;
  std::optional<double> frames;
  if (change.rate) {
    if (length) frames = *length * *change.rate;
  } else if (stream.frames && (whole == length || !whole || !length)) {
    frames = static_cast<double>(*stream.frames);
  } else if (stream.frames) {
    frames = static_cast<double>(*stream.frames) * *length / *whole;
  } else if (stream.rate && length) {
    frames = *length * *stream.rate;
  }
  if (!frames || *frames < 1 || *frames > 1e15) return std::nullopt;
  return std::llround(*frames);
}

}  // namespace

std::optional<double> cut_length(const json::object& options, std::optional<double> seconds) {
  double start = time_option(options, "ss").value_or(0);
  if (const auto from_end = time_option(options, "sseof"); from_end && seconds) start = *seconds + *from_end;
  start = std::max(start, 0.0);

  double length = seconds ? *seconds * rounds(options) - start : HUGE_VAL;
  if (const auto wanted = time_option(options, "t")) {
    length = std::min(length, *wanted);
  } else if (const auto end = time_option(options, "to")) {
    length = std::min(length, *end - start);
  }
  if (!std::isfinite(length) || length <= 0) return std::nullopt;
  return length;
}

FfmpegExtent ffmpeg_extent(const FfmpegTask& task, const std::map<std::size_t, MediaInfo>& sources) {
  static const json::object kUncut;
  FfmpegExtent longest;
  for (const auto& map : task.source_maps) {
    const auto source = sources.find(static_cast<std::size_t>(map.source));
    if (source == sources.end()) continue;
    const json::object& options = map.source == 0 ? task.input_options : kUncut;
    for (const MediaStream* stream : select_streams(source->second, map.specifier, map.stream)) {
      const auto whole = stream->seconds ? stream->seconds : source->second.seconds;
      const auto length = cut_length(options, whole);
      if (stream->type == "video" && !stream->picture) {
        // A cut without a known length leaves the number of frames unknown too.
        const bool is_cut = options.contains("ss") || options.contains("t") || options.contains("to") ||
                            options.contains("sseof") || options.contains("stream_loop");
        if (is_cut && !length) return {};
        return {frames_of(task, *stream, whole, length), length};
      }
      if (length && length > longest.seconds) longest.seconds = length;
    }
  }
  return longest;
}

}  // namespace sisyphus::modules
