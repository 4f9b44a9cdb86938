#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Deletes, copies and moves files, in the order in which the keys are given. No program: the worker does it.
class CleanupModule : public Module {
 public:
  std::string_view name() const override { return "cleanup"; }
  const boost::json::value& schema() const override;
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;
};

}  // namespace sisyphus::modules
