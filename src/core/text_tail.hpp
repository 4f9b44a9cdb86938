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

}  // namespace sisyphus
