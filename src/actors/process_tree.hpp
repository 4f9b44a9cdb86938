#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <sys/types.h>

// Who descends from whom, read from /proc: a process that left its group or session is still found here.
namespace sisyphus::actors {

// What /proc/PID/stat says of a process (proc(5)).
struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  char state = '?';
  unsigned long long started = 0;  // clock ticks since boot; with `pid` it names one process for good

  bool operator==(const ProcessStat&) const = default;
};

// Reads the one line of /proc/PID/stat. The name in it may hold spaces, parentheses and line ends.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

// The process as it is now; nothing when there is none.
std::optional<ProcessStat> read_process_stat(pid_t pid);

// Every process whose chain of parents leads to `root`, without `root`. A snapshot that is not atomic: what
// forks meanwhile may be missing, so a caller that kills goes on until nothing is left.
std::vector<ProcessStat> descendants_of(pid_t root);

// Sends a signal to that very process, never to another one that has its number by now. `root` is the
// ancestor it was found under. Says whether the signal was sent.
bool signal_descendant(const ProcessStat& process, pid_t root, int signal);

}  // namespace sisyphus::actors
