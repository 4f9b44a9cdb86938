#include "core/clock.hpp"

#include <fmt/chrono.h>

#include <array>

namespace sisyphus {

Now SystemClock::now() const {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

// A busy server asks for the same one some hundred times: every log line has one, and every job.
std::string rfc3339(WallTime time) {
  thread_local WallTime last = WallTime::max();
  thread_local std::string text;
  if (time != last) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    text = fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                       (time - seconds).count());
    last = time;
  }
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
