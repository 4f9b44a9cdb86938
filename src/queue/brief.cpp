#include "queue/brief.hpp"

#include <string_view>

namespace sisyphus::queue {

std::string brief(std::string text) {
  if (text.size() <= kBrief) return text;
  constexpr std::string_view kMore = "…";
  std::size_t end = kBrief - kMore.size();
  const auto inside = [&text](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (end != 0 && inside(end)) --end;  // not in the middle of a character
  text.resize(end);
  return text += kMore;
}

}  // namespace sisyphus::queue
