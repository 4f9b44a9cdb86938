#include "app/service.hpp"

#include "app/log_line.hpp"
#include "app/turn_sink.hpp"
#include "core/task_group.hpp"

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>

namespace sisyphus::app {
namespace {

std::shared_ptr<TurnSink> log_sink;  // null until start_logging()

}  // namespace

void add_log_options(CLI::App& app, LogOptions& options) {
  app.add_option("--log-level", options.level, "How much to log: trace, debug, info, warn, error or off")
      ->envname("SISYPHUS_LOG_LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
}

void start_logging(const LogOptions& options) {
  log_sink = std::make_shared<TurnSink>();
  auto logger = std::make_shared<spdlog::logger>("sisyphus", log_sink);
  logger->set_formatter(std::make_unique<LogLine>());
  logger->set_level(spdlog::level::from_str(options.level));
  spdlog::set_default_logger(std::move(logger));
}

int run_loop(const std::function<asio::awaitable<int>(asio::io_context& loop)>& body) {
  // Other threads only post to the loop: its sockets and timers need no locks.
  asio::io_context loop(ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  int code = 1;
  std::exception_ptr failure;
  asio::co_spawn(loop, body(loop), [&](std::exception_ptr thrown, int returned) {
    failure = std::move(thrown);
    code = returned;
  });
  if (log_sink) log_sink->attach(loop.get_executor());
  loop.run();
  if (log_sink) log_sink->detach();
  if (!failure) return code;
  fmt::print(stderr, "sisyphus: {}\n", describe(failure));
  return 1;
}

}  // namespace sisyphus::app
