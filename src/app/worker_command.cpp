#include "actors/worker.hpp"
#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/service.hpp"
#include "app/worker_options.hpp"
#include "core/task_group.hpp"

#include <CLI/CLI.hpp>
#include <asio/error.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <memory>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  WorkerFlags worker;
  LogOptions log;
};

// SIGTERM and SIGINT stop the worker, the second one at once; SIGUSR1 drains it. A plain state machine over
// callbacks: it must work while everything else hangs.
class WorkerSignals {
 public:
  WorkerSignals(asio::io_context& loop, actors::Worker& worker)
      : signals_(loop, SIGTERM, SIGINT, SIGUSR1), worker_(worker) {
    wait();
  }

 private:
  void wait() {
    signals_.async_wait([this](std::error_code error, int signal) {
      if (error) return;  // the worker has finished
      if (signal == SIGUSR1) {
        worker_.drain();
      } else if (std::exchange(stopping_, true)) {
        // The guards see their channels close and kill everything below them.
        spdlog::warn("worker_killed signal={}", signal);
        std::_Exit(EXIT_FAILURE);
      } else {
        worker_.stop();
      }
      wait();
    });
  }

  asio::signal_set signals_;
  actors::Worker& worker_;
  bool stopping_ = false;
};

asio::awaitable<int> work(asio::io_context& loop, std::shared_ptr<Options> options) {
  static const SystemClock clock;
  auto settings = settings_of(options->worker);
  if (!settings) co_return report(settings.error());
  auto registry = modules::Registry::with_folder(options->worker.modules_dir);
  if (!registry) co_return report(registry.error());
  auto http = net::HttpClient::create(loop.get_executor(), options->server);
  if (!http) co_return report(http.error());
  auto state = actors::WorkerState::open(options->worker.state_dir);
  if (!state) {
    report(state.error());
    co_return 1;
  }
  auto id = state->worker_id(options->worker.id);
  if (!id) {
    report(id.error());
    co_return 1;
  }
  net::WorkerClient client(std::move(*http), std::move(*id));
  actors::Worker worker(loop.get_executor(), clock, std::move(*settings), std::move(*registry),
                        std::move(client), std::move(*state));
  const WorkerSignals signals(loop, worker);
  worker.start();
  co_await worker.finished();
  const int code = worker.stuck() ? 1 : kExitDone;
  co_return code;
}

}  // namespace

RunCommand add_worker_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  add_worker_flags(app, options->worker);
  add_log_options(app, options->log);
  app.footer(
      "Signals: SIGTERM and SIGINT stop the children and hand the jobs back, a second one kills at once;\n"
      "SIGUSR1 finishes what runs, takes nothing new, and ends.\n"
      "Examples:\n"
      "  sisyphus worker --server http://farm:5000 --slots 2\n"
      "  sisyphus worker --label nvenc --resource gpu=2");
  return [options] {
    start_logging(options->log);
    return run_loop([options](asio::io_context& loop) { return work(loop, options); });
  };
}

}  // namespace sisyphus::app
