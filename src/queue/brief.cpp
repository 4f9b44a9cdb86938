#include "queue/brief.hpp"

#include <string_view>

namespace sisyphus::queue {

std::string brief(std::string text) {
  if (text.size() <= kBrief) return text;
  constexpr std::string_view kLeftOut = "…";
  constexpr std::size_t kHalf = (kBrief - kLeftOut.size()) / 2;
  const auto inside = [&text](std::size_t at) {  // a character
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  std::size_t end = kHalf;
  while (end != 0 && inside(end)) --end;
  std::size_t begin = text.size() - kHalf;
  while (inside(begin)) ++begin;
  return text.replace(end, begin - end, kLeftOut);
}

}  // namespace sisyphus::queue
