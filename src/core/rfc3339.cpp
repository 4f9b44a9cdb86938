#include "core/rfc3339.hpp"

#include <date/date.h>

#include <sstream>

namespace sisyphus {

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20) return std::nullopt;
  std::istringstream in{std::string(text)};
  date::sys_time<Millis> time;
  if (text.back() == 'Z') {
    in >> date::parse("%FT%TZ", time);
  } else {
    in >> date::parse("%FT%T%Ez", time);
  }
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return WallTime(time.time_since_epoch());
}

}  // namespace sisyphus
