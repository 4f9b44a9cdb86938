#pragma once

#include "core/errc.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::actors {

// What the tools of a worker may take of its machine. Each process that a tool starts inherits them.
struct ChildLimits {
  int nice = 0;              // 0..19, added to the worker's own niceness, as nice(1) does
  int io_priority = 0;       // as ioprio_set(2) takes it; 0: the worker's own
  std::uint64_t memory = 0;  // bytes of writable private memory (RLIMIT_DATA) of each process; 0: no limit

  bool operator==(const ChildLimits&) const = default;
};

// "idle", "best-effort", "best-effort:0" to "best-effort:7": the words of ionice(1).
Result<int> parse_io_priority(std::string_view text);

// Bytes, or with K, M, G or T that many times 1024, its square and so on: "8G", "1.5G".
Result<std::uint64_t> parse_memory(std::string_view text);
std::string memory_in_words(std::uint64_t bytes);  // the same, short

// How a worker tells its guards.
std::string to_argument(const ChildLimits& limits);
std::optional<ChildLimits> parse_limits(const char* argument);

// Of the calling process. Only async-signal-safe calls. False with errno when the system refuses.
bool apply(const ChildLimits& limits);

}  // namespace sisyphus::actors
