#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/job_action.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

// pause, resume and retry: one call each, on one or several jobs.
namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::vector<std::string> ids;
  bool json = false;
};

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
    const auto work = [options, action](net::ApiClient& api) {
      return act_on_jobs(api, options->ids, action, options->json);
    };
    return run_client(options->server, work);
  };
}

}  // namespace

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
