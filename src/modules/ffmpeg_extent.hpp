#pragma once

#include "modules/ffmpeg_task.hpp"
#include "modules/media_info.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace sisyphus::modules {

// The length that is read of a stream of `seconds`, cut by ffmpeg's input options ss, sseof, to, t and
// stream_loop; nothing when it has no known end, or nothing is left.
std::optional<double> cut_length(const boost::json::object& options, std::optional<double> seconds);

// How much an ffmpeg task has to write; empty where it cannot be told.
struct FfmpegExtent {
  std::optional<std::int64_t> frames;  // of the first mapped video stream
  std::optional<double> seconds;       // of that stream; without one, of the longest mapped stream
};

// `sources` holds what is known of the sources, by their index. The input options ss, sseof, to, t and
// stream_loop are reckoned with; they concern the first source alone. Frames stay empty where the output's
// options may change their number (a rate that is no number, filters that drop or make frames).
FfmpegExtent ffmpeg_extent(const FfmpegTask& task, const std::map<std::size_t, MediaInfo>& sources);

}  // namespace sisyphus::modules
