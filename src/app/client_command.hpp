#pragma once

#include "app/command.hpp"
#include "core/errc.hpp"

#include <asio/awaitable.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace sisyphus::net {
class ApiClient;
}

// What the commands that talk to a server have in common.
namespace sisyphus::app {

// Declares --server: environment API_URL, default http://127.0.0.1:5000.
void add_server_option(CLI::App& app, std::string& server);

// Declares --json with what it does.
void add_json_option(CLI::App& app, bool& json, const std::string& help);

// Tells `error` on standard error, with what it is about where `subject` says so and the error itself does
// not, and returns the exit code it means.
int report(const Error& error, std::string_view subject = {});

// Runs `work` on an event loop of its own until it returns the exit code. SIGINT and SIGTERM cancel it: then
// `on_interrupt` is called after all has ended, and the code is kExitInterrupted. A second signal ends the
// process.
using ClientWork = std::function<asio::awaitable<int>(net::ApiClient& api)>;
int run_client(const std::string& server, const ClientWork& work,
               const std::function<void()>& on_interrupt = {});

// The whole file, or standard input for "-". Errc::io names the file.
Result<std::string> read_input(const std::string& path);

}  // namespace sisyphus::app
