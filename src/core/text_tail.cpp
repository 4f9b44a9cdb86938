#include "core/text_tail.hpp"

#include "core/utf8.hpp"

#include <algorithm>

namespace sisyphus {
namespace {

// A tail that was cut begins in the middle of a line: drops the rest of that line when another one follows
// it.
std::string_view from_line_start(std::string_view text) {
  const auto end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return text;
  const auto start = text.find_first_not_of("\r\n", end);
  if (start == std::string_view::npos) return text;
  return text.substr(start);
}

bool continues_sequence(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The last `limit` bytes of valid UTF-8, fewer where the cut would fall into a character.
std::string_view last_bytes(std::string_view text, std::size_t limit) {
  text.remove_prefix(text.size() - limit);
  while (!text.empty() && continues_sequence(text.front())) text.remove_prefix(1);
  return text;
}

}  // namespace

TextTail::TextTail(std::size_t limit) : limit_(limit) {}

void TextTail::append(std::string_view bytes) {
  if (bytes.size() > limit_) {
    bytes.remove_prefix(bytes.size() - limit_);
    cut_ = true;
  }
  const auto room = std::min(limit_ - ring_.size(), bytes.size());
  ring_.append(bytes.substr(0, room));
  bytes.remove_prefix(room);
  while (!bytes.empty()) {
    cut_ = true;
    const auto piece = std::min(limit_ - next_, bytes.size());
    ring_.replace(next_, piece, bytes.substr(0, piece));
    next_ = (next_ + piece) % limit_;
    bytes.remove_prefix(piece);
  }
}

std::string TextTail::text() const {
  const std::string_view ring = ring_;
  std::string ordered{ring.substr(next_)};
  ordered += ring.substr(0, next_);
  std::string_view kept = ordered;
  if (cut_) {
    // Half a character at the cut is not the tool's mistake.
    for (int i = 0; i < 3 && !kept.empty() && continues_sequence(kept.front()); ++i) kept.remove_prefix(1);
    kept = from_line_start(kept);
  }
  std::string valid = to_valid_utf8(kept);
  if (valid.size() <= limit_) return valid;
  return std::string{last_lines_within(valid, limit_)};
}

std::string_view last_lines_within(std::string_view text, std::size_t bytes) {
  return text.size() <= bytes ? text : from_line_start(last_bytes(text, bytes));
}

std::string_view last_lines(std::string_view text, std::size_t lines) {
  std::size_t begin = text.ends_with('\n') ? text.size() - 1 : text.size();  // of what is not looked at yet
  if (lines == 0) return {};
  for (; lines != 0; --lines) {
    const std::size_t end = begin == 0 ? std::string_view::npos : text.rfind('\n', begin - 1);
    if (end == std::string_view::npos) return text;
    begin = end;
  }
  return text.substr(begin + 1);
}

}  // namespace sisyphus
