#include "app/option_set_files.hpp"

#include "app/client_command.hpp"
#include "core/parse_json.hpp"
#include "net/worker_client.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace sisyphus::app {

namespace json = boost::json;

namespace {

class FilesAndServer final : public actors::OptionSets {
 public:
  FilesAndServer(std::map<std::string, json::object> files, std::optional<net::WorkerClient> server)
      : files_(std::move(files)), server_(std::move(server)) {}

  asio::awaitable<Result<std::optional<json::object>>> fetch(std::string module, std::string name) override {
    if (const auto found = files_.find(name); found != files_.end()) {
      co_return std::optional<json::object>(found->second);
    }
    if (!server_) co_return std::optional<json::object>();
    auto fetched = co_await server_->option_set(std::move(module), std::move(name));
    co_return fetched;
  }

 private:
  std::map<std::string, json::object> files_;
  std::optional<net::WorkerClient> server_;
};

}  // namespace

void add_option_set_flags(CLI::App& app, OptionSetFlags& flags) {
  app.add_option("--option-set", flags.files,
                 "An option set, from a file {\"name\": …, \"options\": {…}}; repeatable")
      ->default_str("")
      ->type_name("NAME=FILE");
  app.add_option("--server", flags.server, "URL of the server to ask for other option sets")
      ->envname("API_URL")
      ->type_name("URL");
}

Result<std::map<std::string, json::object>> read_option_sets(const OptionSetFlags& flags) {
  std::map<std::string, json::object> sets;
  for (const std::string& flag : flags.files) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid(fmt::format("--option-set must be NAME=FILE, found \"{}\"", flag));
    }
    const std::string file = flag.substr(equals + 1);
    const auto text = read_input(file);
    if (!text) return text.error();
    const auto value = parse_json(*text);
    if (!value) return invalid(fmt::format("{}: {}", file, value.error().detail), value.error().pointer);
    const json::value* const options =
        value->is_object() ? value->get_object().if_contains("options") : nullptr;
    if (options == nullptr || !options->is_object()) {
      return invalid(fmt::format("{}: an option set is an object with \"options\", an object", file),
                     "/options");
    }
    sets[flag.substr(0, equals)] = options->get_object();
  }
  return sets;
}

Result<std::unique_ptr<actors::OptionSets>> option_sets_of(asio::any_io_executor executor,
                                                           const OptionSetFlags& flags) {
  auto files = read_option_sets(flags);
  if (!files) return files.error();
  std::optional<net::WorkerClient> server;
  if (!flags.server.empty()) {
    auto http = net::HttpClient::create(std::move(executor), flags.server);
    if (!http) return http.error();
    server.emplace(std::move(*http), "");
  }
  return std::unique_ptr<actors::OptionSets>(
      std::make_unique<FilesAndServer>(std::move(*files), std::move(server)));
}

}  // namespace sisyphus::app
