#include "app/client_command.hpp"

#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "core/read_file.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

namespace sisyphus::app {
namespace {

int exit_code(Errc code) {
  switch (code) {
    case Errc::network:
    case Errc::timeout:
    case Errc::unavailable:
    case Errc::storage_full:
      return kExitUnreachable;
    default:
      return kExitUsage;
  }
}

}  // namespace

void add_server_option(CLI::App& app, std::string& server) {
  server = "http://127.0.0.1:5000";
  app.add_option("--server", server, "URL of the server")->envname("API_URL")->type_name("URL");
}

void add_json_option(CLI::App& app, bool& json, const std::string& help) {
  app.add_flag("--json", json, help)->envname("SISYPHUS_JSON");
}

int report(const Error& error, std::string_view subject) {
  std::string text = "sisyphus: ";
  if (!subject.empty() && error.detail.find(subject) == std::string::npos)
    text += fmt::format("{}: ", subject);
  text += error.detail;
  if (!error.pointer.empty()) text += fmt::format(" (at {})", error.pointer);
  fmt::print(stderr, "{}\n", printable(text, locale_is_utf8()));
  return exit_code(error.code);
}

int run_client(const std::string& server, const ClientWork& work, const std::function<void()>& on_interrupt) {
  asio::io_context loop(1);
  Result<net::HttpClient> http = net::HttpClient::create(loop.get_executor(), server);
  if (!http) return report(http.error());
  net::ApiClient api(std::move(*http));

  asio::cancellation_signal cancel;
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  bool interrupted = false;
  signals.async_wait([&](std::error_code error, int) {
    if (error) return;  // the work is done
    interrupted = true;
    signals.clear();  // the next one does what it does by default
    cancel.emit(asio::cancellation_type::terminal);
  });

  int code = kExitDone;
  std::exception_ptr thrown;
  asio::co_spawn(loop, work(api),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr error, int returned) {
                   thrown = error;
                   code = returned;
                   signals.cancel();
                 }));
  loop.run();

  if (interrupted) {  // what was thrown then is the cancellation
    if (on_interrupt) on_interrupt();
    return kExitInterrupted;
  }
  if (thrown) std::rethrow_exception(thrown);
  return code;
}

Result<std::string> read_input(const std::string& path) {
  return path == "-" ? read_to_end(stdin, "standard input") : read_file(path);
}

}  // namespace sisyphus::app
