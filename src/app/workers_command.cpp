#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/job_line.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

struct Options {
  std::string server;
  bool json = false;
};

// A member as it is shown: a text without its quotes, nothing for null.
std::string member(const json::object& worker, json::string_view name, bool utf8) {
  const json::value* value = worker.if_contains(name);
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return printable(std::string_view(value->get_string()), utf8);
  if (value->is_double()) return fmt::format("{:g}", value->get_double());
  return json::serialize(*value);
}

bool is_disabled(const json::object& worker) {
  const json::value* attributes = worker.if_contains("attributes");
  if (attributes == nullptr || !attributes->is_object()) return false;
  const json::value* disabled = attributes->get_object().if_contains("disabled");
  return disabled != nullptr && disabled->is_bool() && disabled->get_bool();
}

void print_table(const json::array& workers) {
  const bool utf8 = locale_is_utf8();
  const std::string_view ellipsis = Screen{80, 24, utf8}.ellipsis();
  fmt::print("{:<20}  {:<36}  {:<11}  {:<8}  {:<12}  {}\n", "HOSTNAME", "ID", "STATUS", "PROGRESS", "TASK",
             "JOB");
  for (const json::value& element : workers) {
    const json::object* worker = element.if_object();
    if (worker == nullptr) continue;  // not a worker: a newer server's business
    const std::string status = is_disabled(*worker) ? "disabled" : member(*worker, "status", utf8);
    std::string progress = member(*worker, "progress", utf8);
    if (!progress.empty()) progress += "%";
    fmt::print("{}  {}  {}  {:<8}  {}  {}\n", padded(member(*worker, "hostname", utf8), 20, ellipsis),
               padded(member(*worker, "worker_id", utf8), 36, ellipsis), padded(status, 11, ellipsis),
               progress, padded(member(*worker, "task", utf8), 12, ellipsis),
               member(*worker, "job_title", utf8));
  }
}

asio::awaitable<int> list_workers(net::ApiClient& api, bool as_json) {
  const Result<json::array> workers = co_await api.workers();
  if (!workers) co_return report(workers.error());
  if (as_json) {
    fmt::print("{}\n", json::serialize(*workers));
  } else {
    print_table(*workers);
  }
  co_return kExitDone;
}

}  // namespace

RunCommand add_workers_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  add_json_option(app, options->json, "One JSON array of workers, each its last heartbeat");
  app.footer("Example:\n  sisyphus workers");
  return [options] {
    const auto work = [options](net::ApiClient& api) { return list_workers(api, options->json); };
    return run_client(options->server, work);
  };
}

}  // namespace sisyphus::app
