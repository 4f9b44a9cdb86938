#pragma once

#include "actors/child_limits.hpp"
#include "core/errc.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/readable_pipe.hpp>
#include <asio/writable_pipe.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::actors {

struct LaunchSpec {
  std::vector<std::string> argv;  // absolute program first
  std::string working_directory;  // absolute; empty: the worker's own
  bool wants_input = false;       // a pipe for standard input; otherwise /dev/null
  ChildLimits limits{};
};

// A guard process (actors/guard.hpp) with its end of the control channel and the tool's pipes.
// The destructor closes everything, which makes the guard kill whatever is left below it, and reaps the
// guard. Launch and destroy on the thread that runs the loop, which must live as long as the child.
struct ChildProcess {
  struct Handle;  // knows Boost.Process; reaps in its destructor
  std::unique_ptr<Handle> handle;
  asio::readable_pipe out;
  asio::readable_pipe err;
  std::optional<asio::writable_pipe> in;
  asio::local::stream_protocol::socket control;

  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;
  ~ChildProcess();

 private:
  friend Result<ChildProcess> launch(const asio::any_io_executor&, const LaunchSpec&);
  explicit ChildProcess(const asio::any_io_executor& executor);
};

// Starts `/proc/self/exe guard LIMITS -- argv…`. Fails when the guard cannot be started, with Errc::tool when
// the working directory is at fault and Errc::io (storage_full) when the system is; that the tool could not
// be started is told by the guard on the control channel. From the first launch with input on, the whole
// process ignores SIGPIPE.
Result<ChildProcess> launch(const asio::any_io_executor& executor, const LaunchSpec& spec);

// For processes that are not themselves the guard's program, as the tests: its absolute path. Before any
// launch.
void set_guard_program(std::string path);

}  // namespace sisyphus::actors
