#include "queue/file_window.hpp"

#include <algorithm>

namespace sisyphus::queue {

Result<void> FileWindow::open(const std::string& path) {
  auto size = files_.size(path);
  if (!size) return size.error();
  path_ = path;
  size_ = *size;
  begin_ = 0;
  piece_.clear();
  return {};
}

Result<std::string_view> FileWindow::at(std::uint64_t offset, std::uint64_t length) {
  length = std::min(length, size_ - std::min(size_, offset));
  if (offset < begin_ || offset + length > begin_ + piece_.size()) {
    begin_ = offset;
    piece_.resize(static_cast<std::size_t>(std::min(std::max(length, kPiece), size_ - std::min(size_, offset))));
    if (auto read = files_.read_at(path_, begin_, piece_); !read) return read.error();
  }
  return std::string_view(piece_).substr(offset - begin_, length);
}

}  // namespace sisyphus::queue
