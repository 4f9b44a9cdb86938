#pragma once

#include "actors/child_limits.hpp"
#include "core/errc.hpp"
#include "modules/module.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::actors {

// How a tool ended.
struct ExitReport {
  int exit_code = 0;     // when it exited by itself
  int signal = 0;        // when a signal ended it, else 0
  bool stopped = false;  // we asked for it
  std::string err_tail;  // the last lines of standard error, at most 16 KiB, made valid UTF-8
};

// One run of one tool: an actor that owns the guard process, the tool below it and their pipes.
// Lives on the loop's thread; must outlive run().
class Subprocess {
 public:
  struct Options {
    std::vector<std::string> argv;     // absolute program first
    std::optional<std::string> input;  // written to standard input, then closed; none: /dev/null
    std::string working_directory;     // empty: ours
    modules::StopPolicy stop = modules::StopPolicy::kill;
    std::chrono::milliseconds grace{5000};  // between SIGTERM and SIGKILL
    ChildLimits limits{};
    // Called on the loop with each whole line, without its end; a line is cut at 64 KiB. May be empty.
    std::function<void(std::string_view)> on_out;
    std::function<void(std::string_view)> on_err;
  };

  Subprocess(asio::any_io_executor executor, Options options);
  ~Subprocess();  // kills what is left

  // Launches the tool and returns when its pipes are at end of file (or it has been gone for two seconds) and
  // neither it nor any descendant is left. Errc::tool when it could not be started, with the reason;
  // Errc::unavailable when a descendant could not be killed within grace + 2 s.
  asio::awaitable<Result<ExitReport>> run();

  // Each may be called at any time while run() is pending, from the loop's thread; repeated calls are
  // harmless.
  void stop();    // by the policy
  void kill();    // at once, whatever the policy
  void pause();   // SIGSTOP to the group
  void resume();  // SIGCONT

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sisyphus::actors
