#pragma once

#include "core/errc.hpp"
#include "core/file_transfer.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <sys/stat.h>

// The inside of a copy, on open files; `what` begins the text of errors. For core/file_transfer.cpp.
namespace sisyphus {

// Told after each piece how many bytes are done; false: stop, as cancelled.
using Pieces = std::function<bool(std::uint64_t bytes_done)>;

// Copies the `size` bytes of the open file `from` to the empty file `to`, in the kernel where the file
// systems allow it. Holes become zeros. A source that ends early or goes on is for the caller to notice.
Result<FileOutcome> copy_content(int from, int to, std::uint64_t size, const std::string& what,
                                 const Pieces& pieces);

// Fails unless `from` and its copy `to` hold the same `size` bytes and no more. `to` is on disk and is read
// from there, as far as the file system lets go of what it has in memory.
Result<FileOutcome> compare_content(int from, int to, std::uint64_t size, const std::string& what,
                                    const Pieces& pieces);

// Gives `to` the extended attributes, owner (as root), mode and times of `from`, whose status is `status`.
// What the file system of `to` has no place for is left out.
Result<void> copy_attributes(int from, int to, const struct stat& status, const std::string& what);

}  // namespace sisyphus
