#include "app/log_line.hpp"

#include "core/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sisyphus::app {
namespace {

// Not bool: the compiler makes wide instructions of a loop over bytes.
unsigned char is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return static_cast<unsigned char>((byte < 0x20) | (byte == 0x7F));
}

bool has_control(std::string_view text) {
  constexpr std::size_t kBlock = 32;
  unsigned char found = 0;
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    for (std::size_t i = 0; i < kBlock; ++i) found |= is_control(text[i]);
  }
  for (const char c : text) found |= is_control(c);
  return found != 0;
}

void append(spdlog::memory_buf_t& out, std::string_view text) {  // as out.append() does, but not byte by byte
  const std::size_t at = out.size();
  out.resize(at + text.size());
  std::copy(text.begin(), text.end(), out.data() + at);
}

void append_escaped(spdlog::memory_buf_t& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      append(out, "\\n");
    } else if (is_control(c) != 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace

void LogLine::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) {
  append(out, rfc3339(std::chrono::floor<Millis>(message.time)));
  out.push_back(' ');
  const auto level = spdlog::level::to_string_view(message.level);
  append(out, {level.data(), level.size()});
  out.push_back(' ');
  const std::string_view payload(message.payload.data(), message.payload.size());
  if (has_control(payload)) {
    append_escaped(out, payload);
  } else {
    append(out, payload);
  }
  out.push_back('\n');
}

std::unique_ptr<spdlog::formatter> LogLine::clone() const {
  return std::make_unique<LogLine>();
}

}  // namespace sisyphus::app
