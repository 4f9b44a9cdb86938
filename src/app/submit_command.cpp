#include "actors/job_checks.hpp"
#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/terminal/output.hpp"
#include "app/terminal/text.hpp"
#include "app/watching.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

struct Document {
  std::string name;  // of the file
  std::string text;
};

struct Options {
  std::string server;
  std::vector<std::string> files;
  bool watch = false;
  bool no_validate = false;
  bool json = false;
};

// All are read and checked before the first is sent.
Result<void> read_documents(const std::vector<std::string>& files, bool validate,
                            std::vector<Document>& documents) {
  const modules::Registry registry;
  const actors::JobChecks checks(registry);
  for (const std::string& file : files) {
    Result<std::string> text = read_input(file);
    if (!text) return text.error();
    const std::vector<Error> problems = validate ? checks.check(*text) : std::vector<Error>();
    if (!problems.empty()) {
      const std::string_view name = file == "-" ? std::string_view("standard input") : file;
      for (const Error& problem : problems) report(problem, name);
      return invalid(fmt::format("{}: not submitted; --no-validate leaves the checks to the worker", name));
    }
    documents.push_back({file, std::move(*text)});
  }
  return {};
}

void tell(const Document& document, const net::SubmitReply& reply, bool as_json) {
  if (as_json) {
    json::object object{{"file", document.name}, {"job_ids", json::value_from(reply.ids)}};
    if (!reply.warnings.empty()) object["warnings"] = json::value_from(reply.warnings);
    fmt::print("{}\n", json::serialize(object));
  } else {
    for (const std::string& id : reply.ids) fmt::print("{}\n", printable(id, false));
    for (const std::string& warning : reply.warnings) {
      fmt::print(stderr, "sisyphus: warning: {}\n", printable(warning, locale_is_utf8()));
    }
  }
  std::fflush(stdout);
}

// `ids` receives what was submitted, for whoever is told of an interruption.
asio::awaitable<int> submit(net::ApiClient& api, Options options, std::vector<Document> documents,
                            std::shared_ptr<std::vector<std::string>> ids) {
  for (const Document& document : documents) {
    const Result<net::SubmitReply> reply = co_await api.submit(document.text);
    if (!reply) co_return report(reply.error(), document.name);
    tell(document, *reply, options.json);
    ids->insert(ids->end(), reply->ids.begin(), reply->ids.end());
  }
  if (!options.watch) co_return kExitDone;
  co_return co_await watch_jobs(api, *ids, options.json);
}

int run(const std::shared_ptr<Options>& options) {
  std::vector<Document> documents;
  const Result<void> read = read_documents(options->files, !options->no_validate, documents);
  if (!read) return report(read.error());
  const auto ids = std::make_shared<std::vector<std::string>>();
  const auto work = [&](net::ApiClient& api) { return submit(api, *options, documents, ids); };
  const auto on_interrupt = [&] {
    if (ids->empty()) return;
    fmt::print(stderr, "What was submitted goes on. To cancel it: sisyphus cancel {}\n",
               fmt::join(*ids, " "));
  };
  return run_client(options->server, work, on_interrupt);
}

}  // namespace

RunCommand add_submit_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("FILE", options->files, "Job documents; \"-\" reads standard input")
      ->required()
      ->default_str("")
      ->type_name("");
  app.add_flag("--watch", options->watch,
               "Show the progress until all have ended; the exit code is the jobs'")
      ->envname("SISYPHUS_WATCH");
  app.add_flag("--no-validate", options->no_validate,
               "Submit without checking the tasks' data first; the worker checks it all the same")
      ->envname("SISYPHUS_NO_VALIDATE");
  add_json_option(app, options->json, "One JSON object a line: file and job_ids, then each event");
  app.footer(
      "Examples:\n"
      "  sisyphus submit job.json --watch\n"
      "  generate-job | sisyphus submit -");
  return [options] { return run(options); };
}

}  // namespace sisyphus::app
