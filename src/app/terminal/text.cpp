#include "app/terminal/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sisyphus::app {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// The first code point of a text that is not empty (Unicode 15, table 3-7, without telling the kinds of error
// apart).
CodePoint first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80U) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < bytes) return {};
  char32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {};
    value = (value << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[bytes] || value > 0x10FFFF || surrogate) return {};
  return {value, bytes, true};
}

// Controls, and the marks that change the direction of what follows.
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

std::size_t width_of(char32_t c) {
  constexpr std::array<std::pair<char32_t, char32_t>, 4> kNone{
      {{0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};
  constexpr std::array<std::pair<char32_t, char32_t>, 9> kWide{{{0x1100, 0x115F},
                                                                {0x2E80, 0xA4CF},
                                                                {0xAC00, 0xD7A3},
                                                                {0xF900, 0xFAFF},
                                                                {0xFE30, 0xFE6F},
                                                                {0xFF00, 0xFF60},
                                                                {0xFFE0, 0xFFE6},
                                                                {0x1F300, 0x1FAFF},
                                                                {0x20000, 0x3FFFD}}};
  for (const auto& [from, to] : kNone) {
    if (c >= from && c <= to) return 0;
  }
  for (const auto& [from, to] : kWide) {
    if (c >= from && c <= to) return 2;
  }
  return 1;
}

}  // namespace

std::string printable(std::string_view text, bool utf8) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = first_of(text);
    const bool shown = c.valid && !is_unsafe(c.value) && (utf8 || c.value < 0x80);
    result += shown ? text.substr(0, c.bytes) : std::string_view("?");
    text.remove_prefix(c.bytes);
  }
  return result;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint c = first_of(text);
    columns += width_of(c.value);
    text.remove_prefix(c.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns, std::string_view ellipsis) {
  if (columns_of(text) <= columns) return std::string(text);
  const std::size_t marked = columns_of(ellipsis);
  if (columns < marked) return std::string(columns, ' ');
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint c = first_of(text.substr(at));
    if (used + width_of(c.value) + marked > columns) break;
    used += width_of(c.value);
    at += c.bytes;
  }
  return std::string(text.substr(0, at)).append(ellipsis);
}

std::string padded(std::string_view text, std::size_t columns, std::string_view ellipsis) {
  std::string result = shortened(text, columns, ellipsis);
  const std::size_t used = columns_of(result);
  if (used < columns) result.append(columns - used, ' ');
  return result;
}

std::string clock_text(double seconds) {
  constexpr double kMost = 359999;  // 99:59:59
  const auto whole =
      static_cast<long>(std::lround(std::isfinite(seconds) ? std::clamp(seconds, 0.0, kMost) : kMost));
  const long hours = whole / 3600;
  const long minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace sisyphus::app
