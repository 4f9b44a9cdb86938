#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string action;
  std::string module;
  std::string name;
  std::string file = "-";
  std::string document;  // what put sends
};

Result<void> write_output(const std::string& path, const std::string& text) {
  const bool is_stdout = path == "-";
  std::FILE* file = is_stdout ? stdout : std::fopen(path.c_str(), "wb");
  if (file == nullptr) return io_error(path, errno);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int write_error = errno;
  const bool flushed = (is_stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!written) return io_error(path, write_error);
  if (!flushed) return io_error(path, errno);
  return {};
}

asio::awaitable<int> get(net::ApiClient& api, Options options) {
  const Result<std::string> document = co_await api.data(options.module, options.name);
  if (!document) co_return report(document.error());
  const Result<void> written = write_output(options.file, *document + "\n");
  co_return written ? kExitDone : report(written.error());
}

asio::awaitable<int> put(net::ApiClient& api, Options options) {
  const Result<void> stored =
      co_await api.put_data(options.module, options.name, std::move(options.document));
  co_return stored ? kExitDone : report(stored.error(), options.file);
}

asio::awaitable<int> remove(net::ApiClient& api, Options options) {
  const Result<void> removed = co_await api.remove_data(options.module, options.name);
  co_return removed ? kExitDone : report(removed.error());
}

asio::awaitable<int> talk(net::ApiClient& api, Options options) {
  if (options.action == "get") return get(api, std::move(options));
  if (options.action == "put") return put(api, std::move(options));
  return remove(api, std::move(options));
}

int run(Options options) {
  if (options.action == "put") {  // before the loop runs: reading may block
    Result<std::string> document = read_input(options.file);
    if (!document) return report(document.error());
    options.document = std::move(*document);
  }
  return run_client(options.server, [&options](net::ApiClient& api) { return talk(api, options); });
}

}  // namespace

RunCommand add_data_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ACTION", options->action, "get, put or rm")
      ->required()
      ->check(CLI::IsMember({"get", "put", "rm"}));
  app.add_option("MODULE", options->module, "Module that the document is for, e.g. handbrake")->required();
  app.add_option("NAME", options->name, "Name of the document, e.g. of an option set")->required();
  app.add_option("FILE", options->file,
                 "JSON file that get writes and put reads; \"-\" is the standard stream");
  app.footer(
      "Documents are JSON, get prints them as the server keeps them.\n"
      "Examples:\n"
      "  sisyphus data put ffmpeg archive option-set.json\n"
      "  sisyphus data get ffmpeg archive\n"
      "  sisyphus data rm ffmpeg archive");
  return [options] { return run(*options); };
}

}  // namespace sisyphus::app
