#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sisyphus::queue {

// A place in a text as Boost.Endian wants it.
inline unsigned char* bytes_at(std::string& text, std::size_t offset) {
  return reinterpret_cast<unsigned char*>(text.data()) + offset;
}
inline const unsigned char* bytes_at(std::string_view text, std::size_t offset) {
  return reinterpret_cast<const unsigned char*>(text.data()) + offset;
}

}  // namespace sisyphus::queue
