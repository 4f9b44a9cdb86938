#pragma once

#include "core/errc.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <functional>
#include <string>

namespace CLI {
class App;
}

// What the commands that run for long, `server`, `worker` and `run`, have in common.
namespace sisyphus::app {

struct LogOptions {
  std::string level = "info";
};
void add_log_options(CLI::App& app, LogOptions& options);
void start_logging(const LogOptions& options);  // to standard error, one line an event

// Runs `body` on a loop of its own until it returns the exit code. What it throws is told on standard error
// and is exit code 1.
int run_loop(const std::function<asio::awaitable<int>(asio::io_context& loop)>& body);

}  // namespace sisyphus::app
