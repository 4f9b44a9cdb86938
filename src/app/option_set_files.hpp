#pragma once

#include "actors/job_planner.hpp"
#include "core/errc.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sisyphus::app {

// Where `plan`, `validate` and `run` take option sets from: --option-set NAME=FILE, and a server when one is
// named.
struct OptionSetFlags {
  std::vector<std::string> files;
  std::string server;  // empty: none
};
void add_option_set_flags(CLI::App& app, OptionSetFlags& flags);

// name -> `options` of the file. Errors name the flag and the file.
Result<std::map<std::string, boost::json::object>> read_option_sets(const OptionSetFlags& flags);

// Files first, then the server. The executor's loop outlives it.
Result<std::unique_ptr<actors::OptionSets>> option_sets_of(asio::any_io_executor executor,
                                                           const OptionSetFlags& flags);

}  // namespace sisyphus::app
