#pragma once

#include "modules/module.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::modules {

// Reads what `HandBrakeCLI --json` writes: objects over many lines, from "Progress: {" to "}", one every 200
// ms, with other text before, between and within them. The percentage is of the encoding, over all its
// passes: scanning the source before it and muxing after it are phases without one. It goes by lines and
// keeps no text, so an object that never ends costs nothing.
class HandbrakeProgressReader : public ProgressReader {
 public:
  std::optional<Progress> line(std::string_view text) override;

 private:
  // What is known of the object that is being read.
  struct Report {
    std::string state;
    std::optional<double> share;  // of this pass, 0..1
    std::optional<double> pass;   // from 1
    std::optional<double> pass_count;
    std::optional<double> pass_id;  // below 0: looking for subtitles
    std::optional<double> rate;     // frames a second
    std::optional<double> eta_s;
    std::optional<double> hours;  // below 0 while the time left is not known
    std::optional<double> error;  // 0: it went well
  };

  void take(std::string_view text);
  std::optional<Progress> finish(const Report& report);
  Progress working(const Report& report);

  std::optional<Report> report_;  // none outside an object
  double percent_ = 0;            // the highest that was told
  std::string phase_;             // the last that was told
};

}  // namespace sisyphus::modules
