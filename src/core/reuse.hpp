#pragma once

#include <cstddef>
#include <string>

namespace sisyphus {

// Empties a text whose memory serves the next one, unless it has grown large: assigning an empty string keeps
// memory, too.
inline void clear_for_reuse(std::string& text, std::size_t most_kept) {
  if (text.capacity() > most_kept) {
    std::string().swap(text);
  } else {
    text.clear();
  }
}

}  // namespace sisyphus
