#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/job_line.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

struct Options {
  std::string server;
  std::string action;
  std::vector<std::string> ids;
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

// A worker that cannot be told does not keep the others from it; the code is the worst one.
asio::awaitable<int> drain_workers(net::ApiClient& api, std::vector<std::string> ids) {
  int code = kExitDone;
  for (const std::string& id : ids) {
    const Result<void> told = co_await api.drain_worker(id);
    if (told) {
      fmt::print("{}: draining\n", id);
      continue;
    }
    code = std::max(code, report(told.error(), id));
    if (code == kExitUnreachable) break;
  }
  co_return code;
}

asio::awaitable<int> run(net::ApiClient& api, Options options) {
  if (options.action.empty()) return list_workers(api, options.json);
  return drain_workers(api, std::move(options.ids));
}

}  // namespace

RunCommand add_workers_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  add_json_option(app, options->json, "One JSON array of workers, each its last heartbeat");
  CLI::Option* const action =
      app.add_option("ACTION", options->action,
                     "drain: the workers finish the jobs they have, take no more and end; without one, they "
                     "are listed")
          ->check(CLI::IsMember({"drain"}));
  CLI::Option* const ids = app.add_option("ID", options->ids, "Ids of workers, as listed")->type_name("");
  action->needs(ids);
  app.footer(
      "Examples:\n"
      "  sisyphus workers\n"
      "  sisyphus workers drain 6f1c7d1e-58d1-4c43-9a0e-9f2a3c5b7d11");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return run(api, *options); });
  };
}

}  // namespace sisyphus::app
