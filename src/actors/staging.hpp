#pragma once

#include "core/errc.hpp"
#include "modules/module.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::actors {

// The hidden folders of one task's outputs (semantics I9). Blocking but short: makes, renames and removes.
class Staging {
 public:
  // `support_files`: as Plan::support_files; in the folders of the outputs.
  explicit Staging(std::vector<modules::Output> outputs,
                   std::map<std::string, std::string> support_files = {});
  ~Staging();  // removes the folders with what is still in them; a failure is logged
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::set<std::string> folders() const;
  Result<void> prepare();  // makes the folders, with nothing but the support files in them
  // Removes the support files and renames every output to its place. An output that does not replace and
  // finds its target taken, by somebody else than `own_outputs`, is refused and nothing of it is lost until
  // the folder goes. Errc::conflict names the file.
  Result<void> publish(const std::set<std::string>& own_outputs);

 private:
  std::vector<modules::Output> outputs_;
  std::map<std::string, std::string> support_files_;
};

}  // namespace sisyphus::actors
