#pragma once

#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace sisyphus::bench {

// What a process has used so far, all its threads together (proc(5): task/*/schedstat, task/*/status, statm).
struct ProcessUsage {
  std::chrono::nanoseconds cpu{0};
  std::uint64_t resident_bytes = 0;
  std::uint64_t context_switches = 0;
};

// Throws std::runtime_error when there is no such process. A thread that has ended is not counted.
ProcessUsage usage_of(pid_t pid);

}  // namespace sisyphus::bench
