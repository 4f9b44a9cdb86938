#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

// cancel, pause, resume and retry: one call each, on one or several jobs.
namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::vector<std::string> ids;
  bool json = false;
};

asio::awaitable<Result<JobState>> act_on(net::ApiClient& api, std::string* id, net::JobAction action) {
  Result<std::string> found = co_await api.find_job(*id);
  if (!found) co_return found.error();
  *id = std::move(*found);
  co_return co_await api.act(*id, action);
}

// A job that cannot be changed does not keep the others from it; the code is the worst one.
asio::awaitable<int> act(net::ApiClient& api, Options options, net::JobAction action) {
  int code = kExitDone;
  for (std::string id : options.ids) {
    const Result<JobState> state = co_await act_on(api, &id, action);
    if (!state) {
      code = std::max(code, report(state.error(), id));
      if (code == kExitUnreachable) break;
      continue;
    }
    if (options.json) {
      const boost::json::object object{{"job_id", id}, {"state", to_string(*state)}};
      fmt::print("{}\n", boost::json::serialize(object));
    } else {
      fmt::print("{}: {}\n", id, to_string(*state));
    }
    std::fflush(stdout);
  }
  co_return code;
}

RunCommand add_action(CLI::App& app, net::JobAction action, const char* footer) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->ids, "Ids of jobs, or beginnings of them")
      ->required()
      ->default_str("")
      ->type_name("");
  add_json_option(app, options->json, "One JSON object a line: job_id and state");
  app.footer(footer);
  return [options, action] {
    const auto work = [options, action](net::ApiClient& api) { return act(api, *options, action); };
    return run_client(options->server, work);
  };
}

}  // namespace

RunCommand add_cancel_command(CLI::App& app) {
  return add_action(app, net::JobAction::cancel,
                    "A waiting job is cancelled at once, a running one is stopped by its worker.\n"
                    "Example:\n  sisyphus cancel 1f0c 77ab");
}

RunCommand add_pause_command(CLI::App& app) {
  return add_action(app, net::JobAction::pause,
                    "A waiting job is held back, a running one stands still and keeps its place.\n"
                    "Example:\n  sisyphus pause 1f0c");
}

RunCommand add_resume_command(CLI::App& app) {
  return add_action(app, net::JobAction::resume, "Example:\n  sisyphus resume 1f0c");
}

RunCommand add_retry_command(CLI::App& app) {
  return add_action(app, net::JobAction::retry,
                    "Queues a job again that failed or was cancelled.\nExample:\n  sisyphus retry 1f0c");
}

}  // namespace sisyphus::app
