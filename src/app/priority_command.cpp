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
  std::string id;
  int priority = 0;
  bool json = false;
};

asio::awaitable<int> set_priority(net::ApiClient& api, Options options) {
  const Result<std::string> id = co_await api.find_job(options.id);
  if (!id) co_return report(id.error(), options.id);
  const Result<void> set = co_await api.set_priority(*id, options.priority);
  if (!set) co_return report(set.error(), *id);
  if (options.json) {
    const boost::json::object object{{"job_id", *id}, {"priority", options.priority}};
    fmt::print("{}\n", boost::json::serialize(object));
  } else {
    fmt::print("{}: priority {}\n", *id, options.priority);
  }
  co_return kExitDone;
}

}  // namespace

RunCommand add_priority_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->id, "Id of a job that waits, or the beginning of it")
      ->required()
      ->default_str("")
      ->type_name("");
  app.add_option("PRIORITY", options->priority, "Higher first, then in the order of submission")
      ->required()
      ->default_str("")
      ->check(CLI::Range(kMinPriority, kMaxPriority));
  add_json_option(app, options->json, "One JSON object: job_id and priority");
  app.footer("Example:\n  sisyphus priority 1f0c 10");
  return [options] {
    const auto work = [options](net::ApiClient& api) { return set_priority(api, *options); };
    return run_client(options->server, work);
  };
}

}  // namespace sisyphus::app
