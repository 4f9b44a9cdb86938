#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string action;
  bool json = false;
};

asio::awaitable<Result<void>> change(net::ApiClient& api, std::string action) {
  if (action == "clear") return api.clear_queue();
  return api.set_queue_disabled(action == "disable");
}

asio::awaitable<int> run(net::ApiClient& api, Options options) {
  if (!options.action.empty()) {
    const Result<void> changed = co_await change(api, options.action);
    if (!changed) co_return report(changed.error());
  }
  const Result<net::QueueState> queue = co_await api.queue();
  if (!queue) co_return report(queue.error());
  if (options.json) {
    const boost::json::object object{{"entries", queue->entries}, {"disabled", queue->disabled}};
    fmt::print("{}\n", boost::json::serialize(object));
  } else {
    fmt::print("{}, {} waiting\n", queue->disabled ? "disabled" : "enabled", queue->entries);
  }
  co_return kExitDone;
}

}  // namespace

RunCommand add_queue_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ACTION", options->action,
                 "enable or disable the handing out of jobs, or clear: remove every waiting job for good; "
                 "without one, only the state is shown")
      ->check(CLI::IsMember({"enable", "disable", "clear"}));
  add_json_option(app, options->json, "One JSON object: entries (jobs that wait) and disabled");
  app.footer(
      "Examples:\n"
      "  sisyphus queue\n"
      "  sisyphus queue disable");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return run(api, *options); });
  };
}

}  // namespace sisyphus::app
