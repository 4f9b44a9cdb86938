#include "actors/server.hpp"
#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/open_files_limit.hpp"
#include "app/server_options.hpp"
#include "app/service.hpp"
#include "core/asio_tokens.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>

namespace sisyphus::app {
namespace {

struct Options {
  ServerFlags server;
  LogOptions log;
};

asio::awaitable<int> serve(asio::io_context& loop, std::shared_ptr<Options> options) {
  static const SystemClock clock;
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  const auto on_storage_lost = [&signals] { signals.cancel(); };
  auto wanted = options_of(options->server);
  if (!wanted) co_return report(wanted.error());
  raise_open_files_limit(wanted->http.max_connections);
  const queue::Fsync fsync = wanted->queue.fsync;
  auto server = actors::Server::start(loop.get_executor(), clock, std::move(*wanted), on_storage_lost);
  if (!server) {
    report(server.error());
    co_return 1;
  }
  if (fsync != queue::Fsync::always) {
    spdlog::warn("journal_not_synced what is acknowledged may be lost with the machine: fsync={}",
                 queue::to_string(fsync));
  }
  auto [error, signal] = co_await signals.async_wait(kTuple);
  if (!error) spdlog::info("signal_received signal={}", signal);
  signals.clear();  // a second one ends the process at once
  co_await (*server)->stop();
  const int code = (*server)->storage_lost() ? 1 : kExitDone;
  co_return code;
}

}  // namespace

RunCommand add_server_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_flags(app, options->server);
  add_log_options(app, options->log);
  app.footer(
      "Examples:\n"
      "  sisyphus server --data-dir /var/lib/sisyphus\n"
      "  sisyphus server --listen 0.0.0.0:5000 --fsync interval\n"
      "  curl -s http://127.0.0.1:5000/queue -d @job.json");
  return [options] {
    start_logging(options->log);
    return run_loop([options](asio::io_context& loop) { return serve(loop, options); });
  };
}

}  // namespace sisyphus::app
