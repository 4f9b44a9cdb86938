#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/job_line.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kPage = 1000;

struct Options {
  std::string server;
  std::string state;
  std::size_t limit = 50;
  bool json = false;
};

// What moves, or why it does not.
std::string remark(const net::JobStatus& job) {
  const std::optional<double> percent = job.job_percent ? job.job_percent : job.progress.percent;
  if (job.state == JobState::running && percent) return job_numbers_text(percent, job.job_eta_s);
  const std::string& text = job.message.empty() ? job.waiting_for : job.message;
  const std::size_t end = text.find('\n');  // `show` has the rest
  return end == std::string::npos ? text : text.substr(0, end) + " ...";
}

// RFC 3339 without the fraction of a second, which is for machines.
std::string without_fraction(const std::string& time) {
  const std::size_t dot = time.find('.');
  return dot == std::string::npos ? time : time.substr(0, dot) + "Z";
}

void print_table(const std::vector<net::JobStatus>& jobs) {
  const bool utf8 = locale_is_utf8();
  fmt::print("{:<8}  {:<10}  {:<20}  {:<32}  {}\n", "ID", "STATE", "ADDED", "TITLE", "REMARK");
  const std::string_view ellipsis = Screen{80, 24, utf8}.ellipsis();
  for (const net::JobStatus& job : jobs) {
    fmt::print("{:<8}  {:<10}  {:<20}  {}  {}\n", printable(short_id(job.id), utf8), to_string(job.state),
               printable(without_fraction(job.added), utf8), padded(printable(job.title, utf8), 32, ellipsis),
               printable(remark(job), utf8));
  }
}

asio::awaitable<int> list(net::ApiClient& api, Options options) {
  net::JobQuery query;
  if (!options.state.empty()) query.state = parse_job_state(options.state);
  std::vector<net::JobStatus> jobs;
  while (jobs.size() < options.limit) {
    query.limit = std::min(kPage, options.limit - jobs.size());
    Result<net::JobList> page = co_await api.jobs(query);
    if (!page) co_return report(page.error());
    std::move(page->jobs.begin(), page->jobs.end(), std::back_inserter(jobs));
    if (page->next_cursor.empty() || page->next_cursor == query.cursor) break;
    query.cursor = page->next_cursor;
  }
  if (options.json) {
    json::array array;
    for (net::JobStatus& job : jobs) array.push_back(std::move(job.raw));
    fmt::print("{}\n", json::serialize(array));
  } else {
    print_table(jobs);
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
