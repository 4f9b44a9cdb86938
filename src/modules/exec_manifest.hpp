#pragma once

#include "core/errc.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Modules that are any program (docs/modules.md, exec): what their manifests say.
namespace sisyphus::modules {

struct ExecManifest {
  std::string name;
  std::vector<std::string> command;         // first an absolute path, or a name to be found on PATH
  boost::json::value schema;                // of a task's data
  std::map<std::string, double> resources;  // that a task takes
  std::optional<std::chrono::milliseconds> timeout;
  std::vector<std::string> inputs;  // JSON Pointers into the data, to paths of files
  std::vector<std::string> outputs;
};

// Every NAME.json of a folder, but for NAME.schema.json and hidden files, in the order of their names.
// Blocks: for the start of a process. `taken` are names that none may have. Fails with every mistake in every
// manifest, a line each: file, JSON Pointer, what to do.
Result<std::vector<ExecManifest>> read_manifests(const std::string& folder,
                                                 const std::vector<std::string>& taken);

}  // namespace sisyphus::modules
