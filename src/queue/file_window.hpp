#pragma once

#include "queue/file_system.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sisyphus::queue {

// A file that is read from front to back without being in memory as a whole. `files` outlives it.
class FileWindow {
 public:
  explicit FileWindow(FileSystem& files) : files_(files) {}

  Result<void> open(const std::string& path);
  std::uint64_t size() const { return size_; }
  // The bytes from `offset` on, as many as are asked for or the file has; good until the next call.
  Result<std::string_view> at(std::uint64_t offset, std::uint64_t length);

 private:
  static constexpr std::uint64_t kPiece = 1U << 20;  // bytes that are read at once, at least

  FileSystem& files_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::string piece_;
  std::uint64_t begin_ = 0;  // of the piece in the file
};

}  // namespace sisyphus::queue
