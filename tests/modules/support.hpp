#pragma once

#include "modules/module.hpp"

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

std::filesystem::path source_folder();  // of the project
std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);

// JSON as the worker reads it; a test that gets it wrong fails with an exception.
boost::json::value parsed(std::string_view text);

// Runs a program from PATH to its end.
modules::ProbeResult run_tool(const std::vector<std::string>& argv);

// A new folder that is removed at the end. `where` is the folder it is made in.
class TempFolder {
 public:
  explicit TempFolder(const std::filesystem::path& where = std::filesystem::temp_directory_path());
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace sisyphus::testing
