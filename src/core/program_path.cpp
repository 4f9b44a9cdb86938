#include "core/program_path.hpp"

#include <cstdlib>
#include <filesystem>

#include <unistd.h>

namespace sisyphus {
namespace {

namespace fs = std::filesystem;

bool executable(const fs::path& path) {
  std::error_code absent;  // is as good as "no"
  return fs::is_regular_file(path, absent) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(std::string_view name) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != std::string_view::npos) {
    const fs::path path = fs::absolute(fs::path(name));
    return executable(path) ? std::optional(path.string()) : std::nullopt;
  }
  const char* const variable = std::getenv("PATH");
  std::string_view rest = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const fs::path path = fs::absolute(fs::path(rest.substr(0, colon)) / name);
    if (executable(path)) return path.string();
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return std::nullopt;
}

}  // namespace sisyphus
