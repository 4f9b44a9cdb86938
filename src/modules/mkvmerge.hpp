#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Muxes tracks of several files, attachments and options into one Matroska file with mkvmerge.
class MkvmergeModule : public Module {
 public:
  std::string_view name() const override { return "mkvmerge"; }
  const boost::json::value& schema() const override;
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;
};

}  // namespace sisyphus::modules
