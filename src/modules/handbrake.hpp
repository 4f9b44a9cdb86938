#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Encodes with HandBrakeCLI. Nothing is asked of the source beforehand: the program scans it itself.
class HandbrakeModule : public Module {
 public:
  std::string_view name() const override { return "handbrake"; }
  const boost::json::value& schema() const override;
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;
};

}  // namespace sisyphus::modules
