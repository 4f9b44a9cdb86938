#pragma once

#include "modules/ffmpeg_progress.hpp"
#include "modules/verify_task.hpp"

#include <map>
#include <string>
#include <vector>

namespace sisyphus::modules {

// Reads what verify's run of ffmpeg says: its progress, on standard error its measures and errors, each line
// with its level. Judges both: ffmpeg itself exits with 0.
class VerifyProgressReader : public FfmpegProgressReader {
 public:
  // `expected` as expected_of_run() made it.
  explicit VerifyProgressReader(const Plan& plan);

  void error_line(std::string_view text) override;
  Remarks remarks() const override;

 private:
  const boost::json::object expected_;
  std::map<std::string, double> measured_;
  std::vector<std::string> errors_;  // the first ones
  std::size_t error_count_ = 0;
};

// What the run must find, for the reader: {"full": true, "ssim": 0.95}.
boost::json::object expected_of_run(const VerifyTask& task);

}  // namespace sisyphus::modules
