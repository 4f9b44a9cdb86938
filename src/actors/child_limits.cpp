#include "actors/child_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstdio>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

// Of linux/ioprio.h, which Debian 12 lets nobody include.
constexpr int kClassShift = 13;
constexpr int kBestEffort = 2;
constexpr int kIdle = 3;
constexpr int kUsualLevel = 4;
constexpr int kLowestLevel = 7;
constexpr int kWhoProcess = 1;

constexpr int kNicest = 19;

struct Unit {
  char letter;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 4> kUnits{
    {{'T', 1ULL << 40}, {'G', 1ULL << 30}, {'M', 1ULL << 20}, {'K', 1ULL << 10}}};

}  // namespace

Result<int> parse_io_priority(std::string_view text) {
  static constexpr std::string_view kName = "best-effort";
  if (text == "idle") return kIdle << kClassShift;
  if (text == kName) return (kBestEffort << kClassShift) | kUsualLevel;
  const bool levelled =
      text.size() == kName.size() + 2 && text.starts_with(kName) && text[kName.size()] == ':';
  const int level = levelled ? text.back() - '0' : -1;
  if (level >= 0 && level <= kLowestLevel) return (kBestEffort << kClassShift) | level;
  return invalid(fmt::format(
      "must be idle, best-effort or best-effort:LEVEL with a level from 0, the first, to {}; found \"{}\"",
      kLowestLevel, text));
}

Result<std::uint64_t> parse_memory(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  double unit = 1;
  bool good = error == std::errc{} && std::isfinite(number);
  if (good && stop != end) {
    const auto named = std::find_if(kUnits.begin(), kUnits.end(),
                                    [letter = *stop](const Unit& one) { return one.letter == letter; });
    good = stop + 1 == end && named != kUnits.end();
    if (good) unit = static_cast<double>(named->bytes);
  }
  static constexpr double kLeast = 1 << 20;  // with less nothing starts
  static constexpr double kMost = 1e18;
  if (!good || number * unit < kLeast || number * unit > kMost) {
    return invalid(fmt::format(
        "must be an amount from 1M on, in bytes or with K, M, G or T behind it, such as 8G; found \"{}\"",
        text));
  }
  return static_cast<std::uint64_t>(number * unit);
}

std::string memory_in_words(std::uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >= unit.bytes && bytes % (unit.bytes / 8) == 0) {
      return fmt::format("{:.6g}{}", static_cast<double>(bytes) / static_cast<double>(unit.bytes),
                         unit.letter);
    }
  }
  return fmt::format("{} bytes", bytes);
}

std::string to_argument(const ChildLimits& limits) {
  return fmt::format("nice={},io={},memory={}", limits.nice, limits.io_priority, limits.memory);
}

std::optional<ChildLimits> parse_limits(const char* argument) {
  ChildLimits limits;
  int size = 0;
  // Our own words: nothing else is to be understood, and numbers out of range are none of ours.
  const int read = std::sscanf(argument, "nice=%d,io=%d,memory=%" SCNu64 "%n", &limits.nice,
                               &limits.io_priority, &limits.memory, &size);
  if (read != 3 || argument[size] != '\0') return std::nullopt;
  return limits;
}

bool apply(const ChildLimits& limits) {
  if (limits.nice != 0) {
    errno = 0;
    const int own = ::getpriority(PRIO_PROCESS, 0);
    if (errno != 0 || ::setpriority(PRIO_PROCESS, 0, std::min(own + limits.nice, kNicest)) != 0) return false;
  }
  if (limits.io_priority != 0 && ::syscall(SYS_ioprio_set, kWhoProcess, 0, limits.io_priority) != 0)
    return false;
  if (limits.memory != 0) {
    rlimit memory{};
    if (::getrlimit(RLIMIT_DATA, &memory) != 0) return false;
    // A lower limit of the whole service stays.
    memory.rlim_max = std::min<rlim_t>(memory.rlim_max, limits.memory);
    memory.rlim_cur = std::min<rlim_t>(memory.rlim_cur, memory.rlim_max);
    if (::setrlimit(RLIMIT_DATA, &memory) != 0) return false;
  }
  return true;
}

}  // namespace sisyphus::actors
