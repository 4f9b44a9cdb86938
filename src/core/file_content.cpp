#include "core/file_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace sisyphus {
namespace {

constexpr std::size_t kPiece = 8 << 20;       // bytes between two reports
constexpr std::size_t kBufferSize = 1 << 20;  // of a read and write by hand

// copy_file_range cannot do it between these two files; reading and writing can.
bool must_copy_by_hand(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EBADF ||
         error == EPERM;
}

// Bytes copied, 0 at the end of `from`, -1 with errno.
ssize_t copy_by_hand(int from, int to, std::vector<char>& buffer) {
  buffer.resize(kBufferSize);
  ssize_t got = 0;
  do {
    got = ::read(from, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  for (ssize_t written = 0; written < got;) {
    const ssize_t put = ::write(to, buffer.data() + written, static_cast<std::size_t>(got - written));
    if (put < 0 && errno != EINTR) return -1;
    if (put > 0) written += put;
  }
  return got;
}

// Reads exactly `size` bytes at `offset`; an errno, or EIO where the file ends before.
int read_at(int file, char* buffer, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    const ssize_t got = ::pread(file, buffer, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? EIO : errno;
    buffer += got;
    size -= static_cast<std::size_t>(got);
    offset += static_cast<std::uint64_t>(got);
  }
  return 0;
}

// The destination has no such attribute, or does not let us set it: nothing that a copy could do about it.
bool has_no_place(int error) {
  return error == ENOTSUP || error == EOPNOTSUPP || error == EPERM || error == EACCES || error == EINVAL ||
         error == ENOSYS;
}

Result<void> copy_extended(int from, int to, const std::string& what) {
  const ssize_t needed = ::flistxattr(from, nullptr, 0);
  if (needed < 0) return has_no_place(errno) ? Result<void>() : Result<void>(io_error(what, errno));
  std::string names(static_cast<std::size_t>(needed), '\0');
  const ssize_t listed = ::flistxattr(from, names.data(), names.size());
  if (listed < 0) return io_error(what, errno);
  names.resize(static_cast<std::size_t>(listed));

  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    const ssize_t size = ::fgetxattr(from, name.c_str(), nullptr, 0);
    std::string value(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    const ssize_t got = size < 0 ? size : ::fgetxattr(from, name.c_str(), value.data(), value.size());
    if (got < 0) {
      if (errno == ENODATA || has_no_place(errno)) continue;
      return io_error(fmt::format("{}: attribute {}", what, name), errno);
    }
    if (::fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(got), 0) != 0 &&
        !has_no_place(errno)) {
      return io_error(fmt::format("{}: attribute {}", what, name), errno);
    }
  }
  return {};
}

}  // namespace

Result<FileOutcome> copy_content(int from, int to, std::uint64_t size, const std::string& what,
                                 const Pieces& pieces) {
  std::vector<char> buffer;
  bool by_hand = false;
  std::uint64_t done = 0;
  while (done < size) {
    const ssize_t copied =
        by_hand ? copy_by_hand(from, to, buffer) : ::copy_file_range(from, nullptr, to, nullptr, kPiece, 0);
    if (copied < 0) {
      if (errno == EINTR) continue;
      if (by_hand || !must_copy_by_hand(errno)) return io_error(what, errno);
      by_hand = true;
      continue;
    }
    if (copied == 0) {
      // Some file systems answer 0 to copy_file_range instead of an error: only read() knows the end.
      if (by_hand) break;
      by_hand = true;
      continue;
    }
    done += static_cast<std::uint64_t>(copied);
    if (!pieces(done)) return FileOutcome::cancelled;
  }
  return FileOutcome::done;
}

Result<FileOutcome> compare_content(int from, int to, std::uint64_t size, const std::string& what,
                                    const Pieces& pieces) {
  struct stat copy {};
  if (::fstat(to, &copy) != 0) return io_error(what, errno);
  if (static_cast<std::uint64_t>(copy.st_size) != size) {
    return Error{
        Errc::io, fmt::format("{}: the copy has {} bytes, the source {}", what, copy.st_size, size), {}};
  }
  if (const int error = ::posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED); error != 0)
    return io_error(what, error);
  std::vector<char> expected(kBufferSize);
  std::vector<char> found(kBufferSize);
  for (std::uint64_t done = 0; done < size;) {
    const auto piece = std::min<std::uint64_t>(kBufferSize, size - done);
    for (auto [file, buffer] : {std::pair(from, &expected), std::pair(to, &found)}) {
      if (const int error = read_at(file, buffer->data(), piece, done); error != 0)
        return io_error(what, error);
    }
    if (std::memcmp(expected.data(), found.data(), piece) != 0) {
      return Error{
          Errc::io, fmt::format("{}: the copy differs within {} bytes from {}", what, piece, done), {}};
    }
    done += piece;
    if (!pieces(done)) return FileOutcome::cancelled;
  }
  return FileOutcome::done;
}

Result<void> copy_attributes(int from, int to, const struct stat& status, const std::string& what) {
  // The owner first: a change of owner takes the set-user-id bits and file capabilities away.
  if (::geteuid() == 0 && ::fchown(to, status.st_uid, status.st_gid) != 0 && !has_no_place(errno)) {
    return io_error(what + ": owner", errno);
  }
  if (auto copied = copy_extended(from, to, what); !copied) return copied;
  if (::fchmod(to, status.st_mode & 07777) != 0 && !has_no_place(errno))
    return io_error(what + ": mode", errno);
  const struct timespec times[2] = {status.st_atim, status.st_mtim};
  if (::futimens(to, times) != 0 && !has_no_place(errno)) return io_error(what + ": times", errno);
  return {};
}

}  // namespace sisyphus
