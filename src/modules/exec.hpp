#pragma once

#include "modules/exec_manifest.hpp"
#include "modules/module.hpp"

namespace sisyphus::modules {

// Any program as a module, as its manifest says (docs/modules.md, exec). It gets the task's data as JSON on
// standard input, with absolute paths where the manifest says that there are files; outputs are those in the
// folder of the attempt.
class ExecModule final : public Module {
 public:
  explicit ExecModule(ExecManifest manifest) : manifest_(std::move(manifest)) {}

  std::string_view name() const override { return manifest_.name; }
  const boost::json::value& schema() const override { return manifest_.schema; }
  Needs needs(const boost::json::object& data, const std::string& working_directory) const override;
  Planned plan(const boost::json::object& data, const Facts& facts) const override;
  std::map<std::string, double> resources() const override { return manifest_.resources; }
  std::unique_ptr<ProgressReader> progress(const Plan& plan) const override;

 private:
  ExecManifest manifest_;
};

}  // namespace sisyphus::modules
