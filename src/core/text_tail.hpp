#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sisyphus {

// Keeps the last bytes of a text that may be endless: what a tool said before it failed.
class TextTail {
 public:
  explicit TextTail(std::size_t limit = 16U << 10U);

  void append(std::string_view bytes);

  // The kept text as valid UTF-8 of at most `limit` bytes. Begins at the start of a line, except where a
  // single line is longer than the limit.
  std::string text() const;

 private:
  std::size_t limit_;
  std::string ring_;      // at most limit_ bytes
  std::size_t next_ = 0;  // where the next byte goes once the ring is full
  bool cut_ = false;      // something was dropped
};

// The end of a text, from the start of a line. In bytes: valid UTF-8 stays valid, and the last line is cut
// where it alone is longer.
std::string_view last_lines_within(std::string_view text, std::size_t bytes);
std::string_view last_lines(std::string_view text, std::size_t lines);

}  // namespace sisyphus
