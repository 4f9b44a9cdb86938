#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Checks that a file is what it should be. What ffprobe tells is judged when the task is planned, right
// before it runs; what needs the pictures (decoding all of them, SSIM, PSNR, VMAF) is one run of ffmpeg.
class VerifyModule : public Module {
 public:
  std::string_view name() const override { return "verify"; }
  const boost::json::value& schema() const override;
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;
};

}  // namespace sisyphus::modules
