#pragma once

// The hidden subcommand `sisyphus guard LIMITS -- program args…`: stands between worker and tool so that
// nothing below it outlives the worker (semantics C3).
//
// It gives the tool a locale whose charset is UTF-8, as file names and job documents are. It is a child
// subreaper in a session of its own, makes the tool the leader of a process group of its own, holds its end
// of the control channel (file descriptor 3, a stream socket) and talks over it in one-byte orders
//   'T'  SIGTERM and SIGCONT to the group
//   'S'  SIGSTOP to the group
//   'C'  SIGCONT to the group
//   'K'  SIGKILL to every descendant
// and one-line reports:
//   "started PID"
//   "failed ERRNO"      exec did not work
//   "refused ERRNO"     the system did not let the tool have its limits (actors/child_limits.hpp)
//   "exited CODE"
//   "signalled NUMBER"
//   "empty"             no descendant is left; the guard then exits 0
// End of file on the channel means 'K'. After the tool itself ended the guard goes on until no descendant is
// left.
namespace sisyphus::actors {

// Runs the guard; `limits` as to_argument() writes them, `argv` is the tool's, null-terminated. Returns the
// process's exit code. Single-threaded, uses no event loop and allocates next to nothing: it is started for
// every task.
int run_guard(const char* limits, char** argv);

}  // namespace sisyphus::actors
