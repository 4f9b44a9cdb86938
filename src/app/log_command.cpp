#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <unistd.h>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string id;
};

// As it is into a pipe; on a terminal without what would control that.
void print_log(std::string_view text) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    fmt::print("{}\n", terminal ? printable(line, locale_is_utf8()) : std::string(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

asio::awaitable<int> show_log(net::ApiClient& api, Options options) {
  const Result<std::string> id = co_await api.find_job(options.id);
  if (!id) co_return report(id.error(), options.id);
  const Result<std::string> log = co_await api.log(*id);
  if (!log) co_return report(log.error(), *id);
  print_log(*log);
  co_return kExitDone;
}

}  // namespace

RunCommand add_log_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->id, "Id of a finished job, or the beginning of it")
      ->required()
      ->default_str("")
      ->type_name("");
  app.footer(
      "The last lines that its tools said; the worker has the rest in STATE-DIR/logs/ID-ATTEMPT.log.\n"
      "Example:\n  sisyphus log 1f0c");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return show_log(api, *options); });
  };
}

}  // namespace sisyphus::app
