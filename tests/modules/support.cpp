#include "tests/modules/support.hpp"

#include "core/parse_json.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sisyphus::modules {

void PrintTo(const Problem& problem, std::ostream* out) {
  static constexpr const char* kKinds[] = {"document", "environment", "finding"};
  *out << kKinds[static_cast<std::size_t>(problem.kind)] << " \"" << problem.pointer
       << "\": " << problem.message;
}

}  // namespace sisyphus::modules

namespace sisyphus::testing {

namespace fs = std::filesystem;

fs::path source_folder() {
  const char* folder = std::getenv("SISYPHUS_SOURCE_DIR");
  return folder != nullptr ? fs::path(folder) : fs::path(__FILE__).parent_path().parent_path().parent_path();
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

boost::json::value parsed(std::string_view text) {
  return parse_json(text).value();
}

modules::ProbeResult run_tool(const std::vector<std::string>& argv) {
  const TempFolder folder;
  const std::string files[] = {folder / "out", folder / "err"};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (const int i : {0, 1}) {
    ::posix_spawn_file_actions_addopen(&actions, i + 1, files[i].c_str(), O_WRONLY | O_CREAT, 0600);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), argv.front());
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) throw std::runtime_error("cannot wait for " + argv.front());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, read_text(files[0]), read_text(files[1])};
}

}  // namespace sisyphus::testing
