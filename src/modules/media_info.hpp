#pragma once

#include "core/errc.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

struct MediaStream {
  std::string type;  // ffprobe's word: video, audio, subtitle, data, attachment; empty when it knows none
  std::string codec;
  std::string language;                // as tagged; empty without
  std::optional<std::int64_t> frames;  // as the file says: nb_frames or the NUMBER_OF_FRAMES tag
  std::optional<double> seconds;
  std::optional<double> rate;  // average, frames a second
  bool picture = false;        // a cover, not a film
  std::string pixel_format{};
  std::optional<std::int64_t> width{};
  std::optional<std::int64_t> height{};
  std::optional<std::int64_t> channels{};
  std::optional<double> start{};  // seconds, on the file's own clock
};

// What ffprobe says of a file.
struct MediaInfo {
  std::vector<MediaStream> streams;  // in the file's order
  std::optional<double> seconds;
  std::optional<std::int64_t> size_bytes{};
  std::string format{};           // ffprobe's word
  std::optional<double> start{};  // seconds: the earliest of its streams
};

// Reads the output of `ffprobe -print_format json -show_format -show_streams`. Fails with Errc::tool.
Result<MediaInfo> read_media_info(std::string_view ffprobe_json);

// What is known of a file that is yet to be written: the kinds of its streams, from mkvmerge's words for
// them.
MediaInfo foretold_media(const std::vector<std::string>& track_types);

// The streams that ffmpeg's specifier means: those of a kind (v a s d t; empty: all), or the `index`-th of
// them.
std::vector<const MediaStream*> select_streams(const MediaInfo& info, const std::string& specifier,
                                               std::optional<std::int64_t> index);

// The first stream of moving pictures; null without one.
const MediaStream* film_of(const MediaInfo& info);

// For people: "1 video (h264), 2 audio (aac eng, ac3 jpn)", or "no streams".
std::string describe_streams(const MediaInfo& info);

}  // namespace sisyphus::modules
