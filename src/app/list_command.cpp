#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/job_table.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

struct Options {
  std::string server;
  std::string state;
  std::size_t limit = 50;
  bool json = false;
};

asio::awaitable<int> list(net::ApiClient& api, Options options) {
  std::optional<JobState> state;
  if (!options.state.empty()) state = parse_job_state(options.state);
  Result<std::vector<net::JobStatus>> jobs = co_await api.newest_jobs(state, options.limit);
  if (!jobs) co_return report(jobs.error());
  if (options.json) {
    json::array array;
    for (net::JobStatus& job : *jobs) array.push_back(std::move(job.raw));
    fmt::print("{}\n", json::serialize(array));
  } else {
    print_jobs(stdout, *jobs);
  }
  co_return kExitDone;
}

}  // namespace

RunCommand add_list_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("--state", options->state, "Only jobs in this state")
      ->envname("SISYPHUS_STATE")
      ->check(
          CLI::IsMember({"queued", "running", "cancelling", "paused", "completed", "failed", "cancelled"}));
  app.add_option("--limit", options->limit, "At most this many jobs, the newest first")
      ->envname("SISYPHUS_LIMIT")
      ->check(CLI::Range(1, 1'000'000));
  add_json_option(app, options->json, "One JSON array of job statuses");
  app.footer(
      "Examples:\n"
      "  sisyphus list --state running\n"
      "  sisyphus list --state failed --limit 10 --json");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return list(api, *options); });
  };
}

}  // namespace sisyphus::app
