#pragma once

#include "modules/module.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sisyphus::modules {

// Reads what `ffmpeg -progress pipe:1` writes: key=value lines, a report ended by progress=continue or
// progress=end. The last report comes after a SIGTERM too, so it proves nothing: 100 percent is said only
// when all is written.
class FfmpegProgressReader : public ProgressReader {
 public:
  FfmpegProgressReader(std::optional<std::int64_t> total_frames, std::optional<double> total_seconds)
      : total_frames_(total_frames), total_seconds_(total_seconds) {}

  std::optional<Progress> line(std::string_view text) override;

 private:
  void take(std::string_view key, std::string_view value);
  std::optional<double> share() const;  // of the whole, 0..1 and above
  Progress report(bool last);

  const std::optional<std::int64_t> total_frames_;
  const std::optional<double> total_seconds_;
  Progress now_;        // of the report that is being read
  double percent_ = 0;  // the highest that was told
};

}  // namespace sisyphus::modules
