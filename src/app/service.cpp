#include "app/service.hpp"

#include "app/turn_sink.hpp"
#include "core/task_group.hpp"

#include <CLI/CLI.hpp>
#include <asio/co_spawn.hpp>
#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>

namespace sisyphus::app {
namespace {

// The message with its control characters escaped: titles, file names and what tools say come from elsewhere,
// and an event is one line, whatever they hold.
class OneLine final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (std::none_of(message.payload.begin(), message.payload.end(), is_control)) {
      out.append(message.payload);
      return;
    }
    for (const char c : message.payload) {
      if (c == '\n') {
        fmt::format_to(std::back_inserter(out), "\\n");
      } else if (is_control(c)) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
      } else {
        out.push_back(c);
      }
    }
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<OneLine>();
  }
};

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
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<OneLine>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %*");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(options.level));
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
  if (log_sink) log_sink->attach(loop.get_executor());
  loop.run();
  if (log_sink) log_sink->detach();
  if (!failure) return code;
  fmt::print(stderr, "sisyphus: {}\n", describe(failure));
  return 1;
}

}  // namespace sisyphus::app
