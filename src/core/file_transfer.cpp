#include "core/file_transfer.hpp"

#include "core/file_content.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sisyphus {
namespace {

bool same_file(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool same_version(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Puts a rename or an unlink in a folder on disk.
Result<void> sync_folder(const std::string& folder, const std::string& what) {
  const UniqueFd open_folder(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open_folder) return io_error(what + ": " + folder, errno);
  // EINVAL: this file system cannot sync a folder (some network ones), so there is nothing to wait for.
  if (::fsync(open_folder.get()) != 0 && errno != EINVAL) return io_error(what + ": " + folder, errno);
  return {};
}

}  // namespace

Result<void> sync_file(const std::string& path) {
  const std::string what = "cannot put on disk " + path;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return {};
  if (!file || (::fsync(file.get()) != 0 && errno != EINVAL)) return io_error(what, errno);
  return sync_folder(folder_of(path), what);
}

Result<FileOutcome> remove_path(const std::string& path, const std::string& working_directory) {
  const std::string what = "cannot delete " + path;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileOutcome::skipped;
    return io_error(what, errno);
  }
  // By device and inode: whatever the spelling, and through a bind mount too.
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

FileTransfer::FileTransfer(Kind kind, std::string source, std::string target, std::string staged)
    : kind_(kind),
      source_(std::move(source)),
      target_(std::move(target)),
      staged_(std::move(staged)),
      what_(fmt::format("cannot {} {} to {}", kind == Kind::move ? "move" : "copy", source_, target_)) {}

Result<FileOutcome> FileTransfer::begin(const TransferProgress& progress, const std::stop_token& stop) {
  if (auto opened = open_source(); !opened) return opened.error();
  // One file under two names, or through two mounts: rename would do nothing, or say EXDEV, and a copy with a
  // delete after it would delete the only one.
  const auto same = target_is_source();
  if (!same) return same.error();
  if (*same) return FileOutcome::skipped;
  if (stop.stop_requested()) return FileOutcome::cancelled;
  if (kind_ == Kind::move && !source_is_link_) {
    const auto renamed = rename_source();
    if (!renamed) return renamed.error();
    if (*renamed == FileOutcome::done) {
      const auto size = static_cast<std::uint64_t>(status_.st_size);
      if (progress) progress(size, size);
      return renamed;
    }
  }
  return copy_source(progress, stop);
}

Result<void> FileTransfer::open_source() {
  struct stat link {};
  if (::lstat(source_.c_str(), &link) != 0) return io_error(what_, errno);
  source_is_link_ = S_ISLNK(link.st_mode);
  file_ = UniqueFd(::open(source_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not block
  if (!file_ || ::fstat(file_.get(), &status_) != 0) return io_error(what_, errno);
  if (!S_ISREG(status_.st_mode)) return invalid(what_ + ": the source is not a regular file");
  return {};
}

// A target that is there but no file fails.
Result<bool> FileTransfer::target_is_source() const {
  struct stat status {};
  if (::stat(target_.c_str(), &status) != 0)
    return false;  // missing; what else is wrong, the rename will say
  if (same_file(status_, status)) return true;
  if (!S_ISREG(status.st_mode)) return invalid(what_ + ": the destination exists and is not a regular file");
  return false;
}

Result<FileOutcome> FileTransfer::rename_source() {
  // What it replaces is gone from the disk with the rename: its own content must be there before.
  if (::fsync(file_.get()) != 0 && errno != EINVAL) return io_error(what_, errno);
  if (::rename(source_.c_str(), target_.c_str()) != 0) {
    if (errno == EXDEV) return FileOutcome::skipped;
    return io_error(what_, errno);
  }
  if (auto synced = sync_folder(folder_of(target_), what_); !synced) return synced.error();
  if (auto synced = sync_folder(folder_of(source_), what_); !synced) return synced.error();
  return FileOutcome::done;
}

Result<FileOutcome> FileTransfer::copy_source(const TransferProgress& progress, const std::stop_token& stop) {
  const UniqueFd copy(::open(staged_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) return io_error(what_, errno);
  const auto size = static_cast<std::uint64_t>(status_.st_size);
  std::uint64_t before = 0;
  const Pieces pieces = [&](std::uint64_t bytes) {
    if (progress) progress((before + bytes) / 2, size);
    return !stop.stop_requested();
  };
  const auto copied = copy_content(file_.get(), copy.get(), size, what_, pieces);
  if (!copied || *copied == FileOutcome::cancelled) return copied;
  if (auto kept = copy_attributes(file_.get(), copy.get(), status_, what_); !kept) return kept.error();
  if (::fsync(copy.get()) != 0) return io_error(what_, errno);
  if (auto same = source_is_unchanged("while it was copied"); !same) return same.error();
  before = size;
  const auto compared = compare_content(file_.get(), copy.get(), size, what_, pieces);
  if (!compared || *compared == FileOutcome::cancelled) return compared;
  return FileOutcome::copied;
}

Result<FileOutcome> FileTransfer::publish() {
  if (auto same = source_is_unchanged("after it was copied; it and the old destination are kept"); !same)
    return same.error();
  if (::rename(staged_.c_str(), target_.c_str()) != 0) return io_error(what_, errno);
  if (auto synced = sync_folder(folder_of(target_), what_); !synced) return synced.error();
  if (kind_ == Kind::move) {
    if (auto removed = remove_source(); !removed) return removed.error();
  }
  return FileOutcome::done;
}

Result<void> FileTransfer::source_is_unchanged(const char* when) const {
  struct stat now {};
  if (::fstat(file_.get(), &now) != 0) return io_error(what_, errno);
  if (!same_version(status_, now)) {
    return Error{Errc::io, fmt::format("{}: the source changed {}", what_, when), {}};
  }
  return {};
}

// By its name, not by what is open: the name may be another file's by now. It is, when the target was the
// source itself, seen through another file system (an overlay, a union) under another device number.
Result<void> FileTransfer::remove_source() const {
  struct stat now {};
  if (::stat(source_.c_str(), &now) != 0) return io_error(what_ + ": copied, but of the source", errno);
  if (!same_file(now, status_) || !same_version(now, status_)) {
    return Error{Errc::io, what_ + ": the source changed after it was copied; both are kept", {}};
  }
  if (::unlink(source_.c_str()) != 0) return io_error(what_ + ": copied, but the source stays", errno);
  return sync_folder(folder_of(source_), what_);
}

}  // namespace sisyphus
