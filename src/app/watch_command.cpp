#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/watching.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string id;
  bool json = false;
};

asio::awaitable<int> watch(net::ApiClient& api, Options options) {
  std::vector<std::string> ids;
  if (!options.id.empty()) {
    const Result<std::string> id = co_await api.find_job(options.id);
    if (!id) co_return report(id.error());
    const Result<net::JobStatus> job = co_await api.job(*id);
    if (!job) co_return report(job.error());
    ids.push_back(*id);
  }
  co_return co_await watch_jobs(api, std::move(ids), options.json);
}

}  // namespace

RunCommand add_watch_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->id, "A job's id or the beginning of one; without it, every job is shown");
  add_json_option(app, options->json, "One JSON object a line for each event");
  app.footer(
      "Ends when the job has: 0 completed, 1 failed or cancelled. Ctrl-C leaves the job alone.\n"
      "Examples:\n"
      "  sisyphus watch 1f0c\n"
      "  sisyphus watch --json | jq .state");
  return [options] {
    const auto work = [options](net::ApiClient& api) { return watch(api, *options); };
    const auto on_interrupt = [options] {
      if (options->id.empty()) return;
      fmt::print(stderr, "The job goes on. To cancel it: sisyphus cancel {}\n", options->id);
    };
    return run_client(options->server, work, on_interrupt);
  };
}

}  // namespace sisyphus::app
