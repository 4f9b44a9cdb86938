#include "core/file_transfer.hpp"

#include "core/file_content.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sisyphus {
namespace {

bool same_file(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool same_content(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string describe(const char* verb, const std::string& source, const std::string& target) {
  return fmt::format("cannot {} {} to {}", verb, source, target);
}

// Puts a rename or an unlink in a folder on disk.
Result<void> sync_folder(const std::string& folder, const std::string& what) {
  const UniqueFd open_folder(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open_folder) return io_error(what + ": " + folder, errno);
  // EINVAL: this file system cannot sync a folder (some network ones), so there is nothing to wait for.
  if (::fsync(open_folder.get()) != 0 && errno != EINVAL) return io_error(what + ": " + folder, errno);
  return {};
}

// A new file beside the target; it is deleted again unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& folder) : path_(folder + "/.sisyphus-copy-XXXXXX") {
    file_ = UniqueFd(::mkostemp(path_.data(), O_CLOEXEC));
  }
  ~TemporaryFile() {
    if (file_ && !renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool is_open() const { return static_cast<bool>(file_); }
  int get() const { return file_.get(); }
  bool rename_to(const std::string& target) {
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  UniqueFd file_;
  bool renamed_ = false;
};

// The source, open and known to be a regular file.
struct OpenSource {
  UniqueFd file;
  struct stat status {};
};

Result<OpenSource> open_source(const std::string& path, const std::string& what) {
  OpenSource source;
  source.file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not block
  if (!source.file || ::fstat(source.file.get(), &source.status) != 0) return io_error(what, errno);
  if (!S_ISREG(source.status.st_mode)) return invalid(what + ": the source is not a regular file");
  return source;
}

// Whether the target is the source itself. A target that is there but no file fails.
Result<bool> is_source(const struct stat& source, const std::string& target, const std::string& what) {
  struct stat status {};
  if (::stat(target.c_str(), &status) != 0) return false;  // missing; what else is wrong, the rename will say
  if (same_file(source, status)) return true;
  if (!S_ISREG(status.st_mode)) return invalid(what + ": the destination exists and is not a regular file");
  return false;
}

Result<FileOutcome> copy_open(const OpenSource& source, const std::string& target, const std::string& what,
                              const TransferProgress& progress, const std::stop_token& stop) {
  TemporaryFile copy(folder_of(target));
  if (!copy.is_open()) return io_error(what, errno);

  const auto size = static_cast<std::uint64_t>(source.status.st_size);
  auto copied = copy_content(source.file.get(), copy.get(), size, what, progress, stop);
  if (!copied || *copied == FileOutcome::cancelled) return copied;
  if (auto kept = copy_attributes(source.file.get(), copy.get(), source.status, what); !kept)
    return kept.error();
  if (::fsync(copy.get()) != 0) return io_error(what, errno);

  struct stat before {};
  struct stat after {};
  if (::fstat(source.file.get(), &before) != 0 || ::fstat(copy.get(), &after) != 0)
    return io_error(what, errno);
  if (!same_content(source.status, before)) {
    return Error{Errc::io, what + ": the source changed while it was copied", {}};
  }
  if (before.st_size != after.st_size) {
    return Error{Errc::io,
                 fmt::format("{}: the copy has {} bytes, the source {}", what, after.st_size, before.st_size),
                 {}};
  }
  if (stop.stop_requested()) return FileOutcome::cancelled;
  if (!copy.rename_to(target)) return io_error(what, errno);
  if (auto synced = sync_folder(folder_of(target), what); !synced) return synced.error();
  return FileOutcome::done;
}

// The second half of a move to another file system. The copy is whole and on disk by now.
Result<FileOutcome> remove_source(const OpenSource& source, const std::string& path,
                                  const std::string& what) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return io_error(what, errno);
  if (!same_file(status, source.status) || !same_content(status, source.status)) {
    return Error{Errc::io, what + ": the source changed after it was copied; both are kept", {}};
  }
  if (::unlink(path.c_str()) != 0) return io_error(what + ": copied, but the source stays", errno);
  if (auto synced = sync_folder(folder_of(path), what); !synced) return synced.error();
  return FileOutcome::done;
}

Result<FileOutcome> copy_and_remove(const std::string& source, const std::string& target,
                                    const std::string& what, const TransferProgress& progress,
                                    const std::stop_token& stop) {
  auto opened = open_source(source, what);
  if (!opened) return opened.error();
  auto copied = copy_open(*opened, target, what, progress, stop);
  if (!copied || *copied != FileOutcome::done) return copied;
  return remove_source(*opened, source, what);
}

}  // namespace

Result<FileOutcome> remove_path(const std::string& path, const std::string& working_directory) {
  const std::string what = "cannot delete " + path;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileOutcome::skipped;
    return io_error(what, errno);
  }
  for (const char* kept : {"/", working_directory.c_str()}) {
    struct stat guarded {};
    if (::stat(kept, &guarded) == 0 && same_file(status, guarded)) {
      return invalid(fmt::format("{}: it is the {} folder", what, kept[1] == '\0' ? "root" : "working"));
    }
  }
  int result = 0;
  if (S_ISDIR(status.st_mode)) {
    result = ::rmdir(path.c_str());
    if (result != 0 && (errno == ENOTEMPTY || errno == EEXIST))
      return invalid(what + ": the folder is not empty");
  } else if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)) {
    result = ::unlink(path.c_str());
  } else {
    return invalid(what + ": it is neither a file nor a folder");
  }
  if (result == 0) return FileOutcome::done;
  if (errno == ENOENT) return FileOutcome::skipped;  // somebody else was quicker
  return io_error(what, errno);
}

std::string transfer_target(const std::string& source, const std::string& destination) {
  struct stat status {};
  if (::stat(destination.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return destination;
  return destination + (destination.ends_with('/') ? "" : "/") + source.substr(source.rfind('/') + 1);
}

Result<FileOutcome> copy_file(const std::string& source, const std::string& destination,
                              const TransferProgress& progress, const std::stop_token& stop) {
  const std::string target = transfer_target(source, destination);
  const std::string what = describe("copy", source, target);
  auto opened = open_source(source, what);
  if (!opened) return opened.error();
  const auto same = is_source(opened->status, target, what);
  if (!same) return same.error();
  if (*same) return FileOutcome::skipped;
  return copy_open(*opened, target, what, progress, stop);
}

Result<FileOutcome> move_file(const std::string& source, const std::string& destination,
                              const TransferProgress& progress, const std::stop_token& stop) {
  const std::string target = transfer_target(source, destination);
  const std::string what = describe("move", source, target);
  struct stat link {};
  struct stat status {};
  if (::lstat(source.c_str(), &link) != 0 || ::stat(source.c_str(), &status) != 0)
    return io_error(what, errno);
  if (!S_ISREG(status.st_mode)) return invalid(what + ": the source is not a regular file");
  // One file under two names, or through two mounts: rename would do nothing, or say EXDEV, and a copy with a
  // delete after it would delete the only one.
  const auto same = is_source(status, target, what);
  if (!same) return same.error();
  if (*same) return FileOutcome::skipped;
  if (stop.stop_requested()) return FileOutcome::cancelled;

  if (S_ISLNK(link.st_mode)) return copy_and_remove(source, target, what, progress, stop);
  if (::rename(source.c_str(), target.c_str()) != 0) {
    if (errno != EXDEV) return io_error(what, errno);
    return copy_and_remove(source, target, what, progress, stop);
  }
  if (auto synced = sync_folder(folder_of(target), what); !synced) return synced.error();
  if (auto synced = sync_folder(folder_of(source), what); !synced) return synced.error();
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (progress) progress(size, size);
  return FileOutcome::done;
}

}  // namespace sisyphus
