#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "core/line_splitter.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string id;
  std::optional<std::size_t> lines;
  bool follow = false;
};

// As it is into a pipe; on a terminal without what would control that.
void print_line(std::string_view line, bool on_terminal) {
  fmt::print("{}\n", on_terminal ? printable(line, locale_is_utf8()) : std::string(line));
}

Error broken_off(Error error) {
  error.detail = "the log broke off and is not whole: " + error.detail;
  return error;
}

asio::awaitable<int> show_log(net::ApiClient& api, Options options) {
  const Result<std::string> id = co_await api.find_job(options.id);
  if (!id) co_return report(id.error(), options.id);
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1;
  LineSplitter lines([on_terminal](std::string_view line) { print_line(line, on_terminal); });
  bool begun = false;
  std::function<void(std::string_view)> on_text = [&lines, &begun](std::string_view text) {
    begun = true;
    lines.feed(text);
    std::fflush(stdout);
  };
  const net::ApiClient::LogQuery query{options.lines, options.follow};
  const Result<void> read = co_await api.log(*id, query, std::move(on_text));
  lines.finish();
  if (!read && begun) co_return report(broken_off(read.error()), *id);
  if (!read) co_return report(read.error(), *id);
  co_return kExitDone;
}

}  // namespace

RunCommand add_log_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->id, "A job's id, or the beginning of it")
      ->required()
      ->default_str("")
      ->type_name("");
  app.add_flag("-f,--follow", options->follow, "Go on until the job ends; one that waits is waited for");
  app.add_option("-n,--lines", options->lines, "Only the last lines of what there is")->type_name("LINES");
  app.footer(
      "The last lines that its tools said; the worker has the rest in STATE-DIR/logs/ID-ATTEMPT.log.\n"
      "Lines that begin with [sisyphus: are the server's. Ctrl-C leaves the job alone.\n"
      "Exit code 0: to its end, however the job ended; 3: it broke off before.\n"
      "Examples:\n"
      "  sisyphus log 1f0c\n"
      "  sisyphus log -f -n 10 1f0c");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return show_log(api, *options); });
  };
}

}  // namespace sisyphus::app
