#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/job_action.hpp"
#include "app/terminal/job_table.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fnmatch.h>
#include <unistd.h>

// cancel: the jobs that are named, or those that a filter finds, then after a question.
namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::vector<std::string> ids;
  std::string state;
  std::optional<std::string> title;
  bool yes = false;
  bool json = false;

  bool filtered() const { return !state.empty() || title; }
};

using Jobs = std::vector<net::JobStatus>;

// Those that can be cancelled and fit the filter. They are looked for state by state, in the order that jobs
// take, so that one that goes on meanwhile is found all the same; one that is found twice counts once.
asio::awaitable<Result<Jobs>> find_jobs(net::ApiClient& api, Options options) {
  std::vector<JobState> states{JobState::queued, JobState::paused, JobState::running};
  if (!options.state.empty()) states = {parse_job_state(options.state).value()};
  Jobs found;
  std::set<std::string> known;
  for (const JobState state : states) {
    Result<Jobs> jobs = co_await api.newest_jobs(state, std::numeric_limits<std::size_t>::max());
    if (!jobs) co_return jobs.error();
    for (net::JobStatus& job : *jobs) {
      if (options.title && ::fnmatch(options.title->c_str(), job.title.c_str(), 0) != 0) continue;
      if (known.insert(job.id).second) found.push_back(std::move(job));
    }
  }
  co_return found;
}

// Waits for the line without blocking the loop, which a signal is to end.
asio::awaitable<bool> said_yes() {
  asio::posix::stream_descriptor terminal(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
  co_await terminal.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  std::array<char, 64> line{};
  const ssize_t size = ::read(STDIN_FILENO, line.data(), line.size());
  co_return size > 0 && (line[0] == 'y' || line[0] == 'Y');
}

asio::awaitable<bool> confirmed(Jobs jobs, bool yes) {
  if (yes) co_return true;
  print_jobs(stderr, jobs);
  if (::isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr, "sisyphus: {} to cancel; without a terminal to ask on, --yes says that it is meant\n",
               jobs.size());
    co_return false;
  }
  fmt::print(stderr, "Cancel {}? [y/N] ", jobs.size() == 1 ? "it" : fmt::format("these {}", jobs.size()));
  co_return co_await said_yes();
}

asio::awaitable<int> cancel(net::ApiClient& api, Options options) {
  std::vector<std::string> ids = options.ids;
  if (options.filtered()) {
    const Result<Jobs> jobs = co_await find_jobs(api, options);
    if (!jobs) co_return report(jobs.error());
    if (jobs->empty()) {
      fmt::print(stderr, "sisyphus: no job to cancel fits\n");
      co_return kExitDone;
    }
    const bool go_on = co_await confirmed(*jobs, options.yes);
    if (!go_on) co_return kExitUsage;
    for (const net::JobStatus& job : *jobs) ids.push_back(job.id);
  }
  co_return co_await act_on_jobs(api, std::move(ids), net::JobAction::cancel, options.json);
}

}  // namespace

RunCommand add_cancel_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  CLI::Option* const ids = app.add_option("ID", options->ids, "Ids of jobs, or beginnings of them")
                               ->default_str("")
                               ->type_name("");
  app.add_option("--state", options->state, "Instead of ids: the jobs in this state")
      ->check(CLI::IsMember({"queued", "running", "paused"}))
      ->excludes(ids);
  app.add_option("--title", options->title,
                 "Instead of ids: the jobs whose title fits this pattern, with *, ? and [...]")
      ->type_name("PATTERN")
      ->excludes(ids);
  app.add_flag("--yes", options->yes, "Do not list what --state and --title find, and do not ask");
  add_json_option(app, options->json, "One JSON object a line: job_id and state");
  app.footer(
      "A waiting job is cancelled at once, a running one is stopped by its worker.\n"
      "Examples:\n"
      "  sisyphus cancel 1f0c 77ab\n"
      "  sisyphus cancel --state queued --title 'S01*'");
  return [options] {
    if (options->ids.empty() && !options->filtered()) {
      return report(invalid("cancel needs ids of jobs, or --state or --title"));
    }
    return run_client(options->server, [options](net::ApiClient& api) { return cancel(api, *options); });
  };
}

}  // namespace sisyphus::app
