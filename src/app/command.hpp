#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace sisyphus::app {

// Exit codes of every command (docs: the README's command line).
constexpr int kExitDone = 0;
constexpr int kExitJobFailed = 1;      // or was cancelled
constexpr int kExitUsage = 2;          // wrong usage, bad document, unknown job
constexpr int kExitUnreachable = 3;    // the server was not reached, or cannot serve now
constexpr int kExitInternal = 70;      // a fault of this program or of its storage
constexpr int kExitInterrupted = 130;  // SIGINT or SIGTERM

// Does what the command is for, after its flags were read; returns the exit code.
using RunCommand = std::function<int()>;

// One line of the table in main.cpp. `add` declares the flags on `app`; what it returns is called when the
// command was chosen, and keeps alive what the flags are read into.
struct Command {
  const char* name;
  const char* summary;
  RunCommand (*add)(CLI::App& app);
};

}  // namespace sisyphus::app
