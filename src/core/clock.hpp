#pragma once

#include <chrono>
#include <string>

namespace sisyphus {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::sys_time<Millis>;

// One reading of both clocks. Leases, timeouts and backoffs go by `steady`; `wall` is only for showing and
// storing.
struct Now {
  SteadyTime steady;
  WallTime wall;
};

// Where time comes from; tests put their own in its place.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Now now() const override;
};

std::string rfc3339(WallTime time);  // "2026-01-31T23:59:59.123Z"
std::string in_words(
    std::chrono::seconds);  // "3 hours", "a minute": the original's uptime, largest unit only

}  // namespace sisyphus
