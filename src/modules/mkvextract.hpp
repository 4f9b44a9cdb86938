#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Takes tracks, attachments, chapters, tags, timestamps and cues out of a Matroska file with mkvextract.
class MkvextractModule : public Module {
 public:
  std::string_view name() const override { return "mkvextract"; }
  const boost::json::value& schema() const override;
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;
};

}  // namespace sisyphus::modules
