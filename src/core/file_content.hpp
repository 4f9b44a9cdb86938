#pragma once

#include "core/errc.hpp"
#include "core/file_transfer.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

#include <sys/stat.h>

// The inside of a copy, on open files; `what` begins the text of errors. For core/file_transfer.cpp.
namespace sisyphus {

// Copies everything from the open file `from` to the empty file `to`, in the kernel where the file systems
// allow it.
Result<FileOutcome> copy_content(int from, int to, std::uint64_t size, const std::string& what,
                                 const TransferProgress& progress, const std::stop_token& stop);

// Gives `to` the extended attributes, owner (as root), mode and times of `from`, whose status is `status`.
// What the file system of `to` has no place for is left out.
Result<void> copy_attributes(int from, int to, const struct stat& status, const std::string& what);

}  // namespace sisyphus
