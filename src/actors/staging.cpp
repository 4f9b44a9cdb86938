#include "actors/staging.hpp"

#include "actors/disk_room.hpp"
#include "actors/worker_state.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
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

Result<void> publish_file(const std::string& staged, const std::string& path, bool may_replace) {
  const int error = may_replace ? (::rename(staged.c_str(), path.c_str()) == 0 ? 0 : errno)
                                : rename_noreplace(staged, path);
  if (error == EEXIST && !may_replace) {
    return Error{
        Errc::conflict,
        fmt::format("{} exists by now and is not replaced; set \"overwrite\": true to replace it", path),
        {}};
  }
  if (error != 0) return io_error(fmt::format("cannot rename {} to {}", staged, path), error);
  return {};
}

// mkvextract leaves empty or short files on a full disk and exits with 0. Only small files are doubted: it
// dies over large ones, and a long encode whose disk somebody else filled since is not thrown away.
bool may_be_cut_short(const std::string& staged) {
  static constexpr std::uintmax_t kSmall = 4U << 20;  // bytes
  static constexpr std::uintmax_t kNoRoom = 64U << 10;
  std::error_code code;
  const std::uintmax_t size = fs::file_size(staged, code);
  if (code || size > kSmall) return false;
  const auto left = free_bytes(fs::path(staged).parent_path().string());
  return left && *left < kNoRoom;
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return io_error("cannot create " + path, errno);
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("cannot write " + path, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// A folder with all that the tools left in it: the outputs to their paths, the rest beside them.
Result<void> publish_folder(const fs::path& folder, const std::vector<modules::Output>& outputs,
                            const std::set<std::string>& own_outputs) {
  const auto first = std::find_if(outputs.begin(), outputs.end(), [&](const modules::Output& output) {
    return fs::path(output.staged).parent_path() == folder;
  });
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    const auto known = std::find_if(outputs.begin(), outputs.end(), [&](const modules::Output& output) {
      return output.staged == at->path().string();
    });
    const modules::Output& output = known == outputs.end() ? *first : *known;
    const std::string path =
        known == outputs.end() ? (folder.parent_path() / at->path().filename()).string() : known->path;
    const bool may_replace = output.replace || own_outputs.contains(output.path);
    if (auto moved = publish_file(at->path().string(), path, may_replace); !moved) return moved;
  }
  if (code) return io_error("cannot list " + folder.string(), code);
  return {};
}

}  // namespace

Staging::Staging(std::vector<modules::Output> outputs, std::map<std::string, std::string> support_files)
    : outputs_(std::move(outputs)), support_files_(std::move(support_files)) {}

Staging::~Staging() {
  for (const std::string& folder : folders()) {
    if (auto removed = remove_attempt_folder(folder); !removed) {
      spdlog::error("attempt_folder_left folder=\"{}\" error=\"{}\"", folder, removed.error().detail);
    }
  }
}

std::set<std::string> Staging::folders() const {
  std::set<std::string> folders;
  for (const modules::Output& output : outputs_)
    folders.insert(fs::path(output.staged).parent_path().string());
  return folders;
}

Result<void> Staging::prepare() {
  for (const std::string& folder : folders()) {
    if (auto removed = remove_attempt_folder(folder); !removed) return removed.error();
    std::error_code code;
    fs::create_directory(folder, code);
    if (code) return io_error("cannot create the folder " + folder, code);
  }
  for (const auto& [path, text] : support_files_) {
    if (auto written = write_file(path, text); !written) return written;
  }
  return {};
}

Result<void> Staging::publish(const std::set<std::string>& own_outputs) {
  for (const auto& [path, text] : support_files_) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("cannot remove " + path, errno);
  }
  // A tool may write several files for one name (image sequences, playlists): all of the folder goes out.
  for (const modules::Output& output : outputs_) {
    const fs::path folder = fs::path(output.staged).parent_path();
    std::error_code code;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
      files.push_back(at->path());
    }
    if (code) return io_error("cannot list " + folder.string(), code);
    if (may_be_cut_short(output.staged)) {
      return io_error("cannot trust that " + output.path + " is complete", ENOSPC);
    }
    if (!output.required) continue;
    const bool shared = std::count_if(outputs_.begin(), outputs_.end(), [&](const modules::Output& other) {
                          return fs::path(other.staged).parent_path() == folder;
                        }) > 1;
    if (files.empty() || (shared && std::find(files.begin(), files.end(), output.staged) == files.end())) {
      return Error{Errc::tool, fmt::format("the tool ended well but did not write {}", output.path), {}};
    }
  }
  for (const std::string& folder : folders()) {
    if (auto moved = publish_folder(folder, outputs_, own_outputs); !moved) return moved;
  }
  return {};
}

}  // namespace sisyphus::actors
