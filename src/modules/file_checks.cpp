#include "modules/file_checks.hpp"

#include "modules/paths.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace sisyphus::modules {
namespace {

constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

}  // namespace

std::string staged_path(const std::string& target, const std::string& attempt_folder) {
  return join_path(join_path(parent_folder(target), attempt_folder), base_name(target));
}

std::string no_such_source(std::size_t index, std::size_t count) {
  if (count == 1) return fmt::format("there is no source {}; the only one is source 0", index);
  return fmt::format("there is no source {}; there are {}, 0 to {}", index, count, count - 1);
}

bool written_before(const Facts& facts, const std::string& path) {
  return facts.written_before.contains(normal_path(path, facts.working_directory));
}

bool yet_to_be_written(const Facts& facts, const std::string& path) {
  return !facts.earlier_tasks_done && written_before(facts, path);
}

std::string words_of(const ProbeResult& result, std::string_view program) {
  std::string text = result.err.substr(0, 500);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? fmt::format("{} exited with {}", program, result.exit_code) : text;
}

void check_programs(std::initializer_list<const char*> programs, const Facts& facts,
                    std::vector<Problem>& problems) {
  for (const char* program : programs) {
    if (facts.programs.contains(program)) continue;
    problems.push_back({kEnvironment, "", fmt::format("the program {} is not on PATH", program)});
  }
}

bool check_names_file(const std::string& given, const std::string& pointer, std::vector<Problem>& problems) {
  const std::string name = base_name(given);
  if (!name.empty() && name != "." && name != "..") return true;
  problems.push_back({kDocument, pointer, fmt::format("{} names a folder, expected a file", given)});
  return false;
}

void check_output(const std::string& path, const std::string& pointer, const std::vector<InputFile>& inputs,
                  std::vector<Problem>& problems) {
  const auto complain = [&](Problem::Kind kind, std::string message) {
    problems.push_back({kind, pointer, std::move(message)});
  };
  for (const InputFile& input : inputs) {
    if (normal_path(input.path, "/") == normal_path(path, "/")) {
      complain(kDocument, fmt::format("the output is also {}; write to another file", input.name));
    } else if (real_path(input.path) == real_path(path)) {
      complain(kEnvironment, fmt::format("the output {} is also {} ({})", path, input.name, input.path));
    }
  }
  const std::string folder = parent_folder(path);
  if (path_kind(folder) != PathKind::folder) {
    complain(kEnvironment, fmt::format("the output's folder {} does not exist", folder));
    return;
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    complain(kEnvironment, fmt::format("the output's folder {} is not writable", folder));
  }
  const PathKind kind = path_kind(path);
  if (kind == PathKind::folder || kind == PathKind::other) {
    complain(kEnvironment,
             fmt::format("the output {} is {}", path,
                         kind == PathKind::folder ? "an existing folder" : "not a regular file"));
  }
}

}  // namespace sisyphus::modules
