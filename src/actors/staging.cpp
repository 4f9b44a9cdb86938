#include "actors/staging.hpp"

#include "actors/worker_state.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;

// Never replaces. Where the file system lacks RENAME_NOREPLACE: a second name, then the first one goes.
int rename_noreplace(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  return ::unlink(from.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Staging::Staging(std::vector<modules::Output> outputs) : outputs_(std::move(outputs)) {}

Staging::~Staging() {
  for (const std::string& folder : folders()) {
    if (auto removed = remove_attempt_folder(folder); !removed) {
      spdlog::error("attempt_folder_left folder=\"{}\" error=\"{}\"", folder, removed.error().detail);
    }
  }
}

std::set<std::string> Staging::folders() const {
  std::set<std::string> folders;
  for (const modules::Output& output : outputs_) folders.insert(fs::path(output.staged).parent_path().string());
  return folders;
}

Result<void> Staging::prepare() {
  for (const std::string& folder : folders()) {
    if (auto removed = remove_attempt_folder(folder); !removed) return removed.error();
    std::error_code code;
    fs::create_directory(folder, code);
    if (code) return io_error("cannot create the folder " + folder, code);
  }
  return {};
}

Result<void> Staging::publish(const std::set<std::string>& own_outputs) {
  for (const modules::Output& output : outputs_) {
    std::error_code absent;
    if (!fs::exists(output.staged, absent)) {
      return Error{Errc::tool, fmt::format("the tool ended well but did not write {}", output.path), {}};
    }
  }
  for (const modules::Output& output : outputs_) {
    const bool may_replace = output.replace || own_outputs.contains(output.path);
    const int error = may_replace ? (::rename(output.staged.c_str(), output.path.c_str()) == 0 ? 0 : errno)
                                  : rename_noreplace(output.staged, output.path);
    if (error == EEXIST && !may_replace) {
      return Error{Errc::conflict,
                   fmt::format("{} exists by now and is not replaced; set \"overwrite\": true to replace it",
                               output.path), {}};
    }
    if (error != 0) return io_error(fmt::format("cannot rename {} to {}", output.staged, output.path), error);
  }
  return {};
}

}  // namespace sisyphus::actors
