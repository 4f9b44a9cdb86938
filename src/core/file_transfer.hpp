#pragma once

#include "core/errc.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include <sys/stat.h>

// Deleting, copying and moving files so that a crash, a full disk or a cancel at any point leaves at least
// one whole copy of everything. All of these block: call them on a thread for slow work, never on an event
// loop. Different objects may be used on different threads. Paths are absolute. Errors are Errc::io,
// storage_full or invalid, and name the paths.
namespace sisyphus {

enum class FileOutcome {
  done,
  skipped,  // there was nothing to do: the path to delete is missing, or source and destination are one file
  copied,   // the copy is whole, checked and on disk, but not in its place yet: publish() is next
  cancelled,  // the stop token was set before anything was changed
};

// Told after each piece, on the calling thread. A file counts once: half for writing it, half for reading it
// back.
using TransferProgress = std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total)>;

// Deletes a file, a symbolic link (itself, not what it points to) or an empty folder. A folder that is not
// empty, "/", `working_directory`, and what is none of these (a device, a socket) are refused.
Result<FileOutcome> remove_path(const std::string& path, const std::string& working_directory);

// One file on its way to another path, in two steps, so that its owner can look at its lease between the
// long one and the one that changes something. Of a symbolic link the content is taken; a move deletes the
// link, as the original does. An existing file at the target is replaced, in one step; a link there is
// replaced, not followed.
class FileTransfer {
 public:
  enum class Kind { copy, move };

  // `staged`: where a copy grows, on the target's file system; its folder is there, and whoever made it
  // removes it with what is left in it. `target` is a file's path, no folder.
  FileTransfer(Kind kind, std::string source, std::string target, std::string staged);

  // A move within a file system is a rename and `done`. Else the source is copied, with its times, mode and
  // extended attributes (as root the owner too), put on disk, and compared byte for byte: `copied`.
  Result<FileOutcome> begin(const TransferProgress& progress, const std::stop_token& stop);

  // After `copied`. Renames the copy to its place; a move then deletes the source, unless that has changed
  // since it was copied.
  Result<FileOutcome> publish();

 private:
  Result<bool> target_is_source() const;
  Result<void> open_source();
  Result<FileOutcome> rename_source();  // `skipped`: not within one file system
  Result<FileOutcome> copy_source(const TransferProgress& progress, const std::stop_token& stop);
  Result<void> source_is_unchanged(const char* when) const;
  Result<void> remove_source() const;

  Kind kind_;
  std::string source_;
  std::string target_;
  std::string staged_;
  std::string what_;  // begins the text of every error
  bool source_is_link_ = false;
  UniqueFd file_;          // the source
  struct stat status_ {};  // of the source, when it was opened
};

// Waits until a file that was written earlier, and its name, are on disk. A missing one is nothing to wait
// for.
Result<void> sync_file(const std::string& path);

}  // namespace sisyphus
