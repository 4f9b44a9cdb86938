#pragma once

#include "modules/module.hpp"
#include "tests/support/temp_folder.hpp"

#include <boost/json/value.hpp>

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

void PrintTo(const Problem& problem, std::ostream* out);  // GoogleTest finds it by its name

}  // namespace sisyphus::modules

// What the tests of the modules share.
namespace sisyphus::testing {

using sisyphus::TempFolder;

std::filesystem::path source_folder();  // of the project
std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);

// JSON as the worker reads it; a test that gets it wrong fails with an exception.
boost::json::value parsed(std::string_view text);

// Runs a program from PATH to its end.
modules::ProbeResult run_tool(const std::vector<std::string>& argv);

}  // namespace sisyphus::testing
