#pragma once

#include "core/errc.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

// Deleting, copying and moving files so that a crash, a full disk or a cancel at any point leaves at least
// one whole copy of everything. All of these block: call them on a thread for slow work, never on an event
// loop. They may be called from several threads. Paths are absolute. Errors are Errc::io, storage_full or
// invalid, and name the paths.
namespace sisyphus {

enum class FileOutcome {
  done,
  skipped,  // there was nothing to do: the path to delete is missing, or source and destination are one file
  cancelled,  // the stop token was set before the change; nothing is left behind
};

// Told after each piece, on the calling thread.
using TransferProgress = std::function<void(std::uint64_t bytes_done, std::uint64_t bytes_total)>;

// Deletes a file, a symbolic link (itself, not what it points to) or an empty folder. A folder that is not
// empty,
// "/", `working_directory`, and what is none of these (a device, a socket) are refused.
Result<FileOutcome> remove_path(const std::string& path, const std::string& working_directory);

// Where a file goes: into `destination` under its own name when that is an existing folder, else
// `destination`.
std::string transfer_target(const std::string& source, const std::string& destination);

// Copies a file; a symbolic link is followed. Keeps times, mode and extended attributes, the owner too when
// run as root. An existing destination is replaced, once the copy beside it is whole, checked and on disk.
// That copy is called ".sisyphus-copy-XXXXXX" while it grows; a crash may leave one behind.
Result<FileOutcome> copy_file(const std::string& source, const std::string& destination,
                              const TransferProgress& progress, const std::stop_token& stop);

// Moves a file by renaming it; to another file system by copying it as above and only then deleting the
// source. Of a symbolic link the content is moved and the link deleted, as the original does.
Result<FileOutcome> move_file(const std::string& source, const std::string& destination,
                              const TransferProgress& progress, const std::stop_token& stop);

}  // namespace sisyphus
