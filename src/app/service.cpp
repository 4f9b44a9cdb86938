#include "app/service.hpp"

#include "core/task_group.hpp"

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

namespace sisyphus::app {

void add_log_options(CLI::App& app, LogOptions& options) {
  app.add_option("--log-level", options.level, "How much to log: trace, debug, info, warn, error or off")
      ->envname("SISYPHUS_LOG_LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
}

void start_logging(const LogOptions& options) {
  auto logger = std::make_shared<spdlog::logger>("sisyphus", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(options.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

int run_loop(const std::function<asio::awaitable<int>(asio::io_context& loop)>& body) {
  asio::io_context loop(1);
  int code = 1;
  std::exception_ptr failure;
  asio::co_spawn(loop, body(loop), [&](std::exception_ptr thrown, int returned) {
    failure = std::move(thrown);
    code = returned;
  });
  loop.run();
  if (!failure) return code;
  fmt::print(stderr, "sisyphus: {}\n", describe(failure));
  return 1;
}

}  // namespace sisyphus::app
