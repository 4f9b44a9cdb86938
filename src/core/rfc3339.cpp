#include "core/rfc3339.hpp"

#include <algorithm>
#include <sstream>

#include <date/date.h>

namespace sisyphus {

namespace {

// date::parse is lenient: it takes one digit where two belong, and stops at the fourth of a fraction. True
// when the text has the grammar's shape ('0' for a digit); `shortened` is it without the digits behind the
// third.
bool has_shape(std::string_view text, std::string& shortened) {
  static constexpr std::string_view kTime = "0000-00-00T00:00:00";
  static constexpr std::string_view kOffset = "00:00";
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto matches = [&](std::string_view part, std::string_view pattern) {
    return std::equal(part.begin(), part.end(), pattern.begin(), pattern.end(),
                      [&](char c, char wanted) { return wanted == '0' ? is_digit(c) : c == wanted; });
  };
  if (!matches(text.substr(0, kTime.size()), kTime)) return false;
  std::string_view zone = text.substr(kTime.size());
  shortened = text.substr(0, kTime.size());
  if (zone.starts_with('.')) {
    const auto digits =
        static_cast<std::size_t>(std::find_if_not(zone.begin() + 1, zone.end(), is_digit) - zone.begin()) - 1;
    if (digits == 0) return false;
    shortened += zone.substr(0, 1 + std::min<std::size_t>(digits, 3));
    zone.remove_prefix(1 + digits);
  }
  shortened += zone;
  return zone == "Z" ||
         (!zone.empty() && (zone[0] == '+' || zone[0] == '-') && matches(zone.substr(1), kOffset));
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  std::string shortened;
  if (!has_shape(text, shortened)) return std::nullopt;
  std::istringstream in(shortened);
  date::sys_time<Millis> time;
  if (shortened.back() == 'Z') {
    in >> date::parse("%FT%TZ", time);
  } else {
    in >> date::parse("%FT%T%Ez", time);
  }
  if (in.fail() || in.peek() != std::istringstream::traits_type::eof()) return std::nullopt;
  return WallTime(time.time_since_epoch());
}

}  // namespace sisyphus
