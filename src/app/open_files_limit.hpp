#pragma once

#include <cstddef>

namespace sisyphus::app {

// Lets this process have so many connections: raises its soft limit of open files (getrlimit(2):
// RLIMIT_NOFILE) to what they take, as far as the hard limit allows, and logs it. A limit that stays too low
// is a warning which names the number to raise. Not for a process that starts tools: they inherit it, and
// those that use select(2) get into trouble with more than 1024.
void raise_open_files_limit(std::size_t connections);

}  // namespace sisyphus::app
