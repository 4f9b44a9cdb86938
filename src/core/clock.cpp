#include "core/clock.hpp"

#include <fmt/chrono.h>
#include <fmt/compile.h>

#include <array>
#include <iterator>

namespace sisyphus {

Now SystemClock::now() const {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

// Most calls are for this second: every log line has one, and every job.
std::string rfc3339(WallTime time) {
  thread_local std::chrono::sys_seconds last = std::chrono::sys_seconds::max();
  thread_local std::string last_text;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  if (seconds != last) {
    last_text = fmt::format("{:%FT%T}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
    last = seconds;
  }
  std::string text;
  text.reserve(last_text.size() + 5);
  text += last_text;
  fmt::format_to(std::back_inserter(text), FMT_COMPILE(".{:03}Z"), (time - seconds).count());
  return text;
}

std::string in_words(std::chrono::seconds span) {
  struct Unit {
    std::chrono::seconds length;
    const char* one;
    const char* many;
  };
  static constexpr std::array<Unit, 5> kUnits{{{std::chrono::hours(24 * 365), "a year", "years"},
                                               {std::chrono::hours(24), "a day", "days"},
                                               {std::chrono::hours(1), "an hour", "hours"},
                                               {std::chrono::minutes(1), "a minute", "minutes"},
                                               {std::chrono::seconds(1), "a second", "seconds"}}};
  for (const Unit& unit : kUnits) {
    const auto count = span / unit.length;
    if (count == 1) return unit.one;
    if (count > 1) return fmt::format("{} {}", count, unit.many);
  }
  return "a moment";
}

}  // namespace sisyphus
