#include "actors/server.hpp"
#include "actors/worker.hpp"
#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/modules_option.hpp"
#include "app/option_set_files.hpp"
#include "app/service.hpp"
#include "app/watching.hpp"
#include "app/worker_options.hpp"
#include "core/asio_tokens.hpp"
#include "core/job_document.hpp"
#include "core/task_group.hpp"
#include "net/api_client.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace sisyphus::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string file;
  OptionSetFlags option_sets;
  std::string modules_dir;
  bool json = false;
  LogOptions log{"warn"};
};

// A folder of our own that goes when we do. What cannot be removed is told.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "sisyphus-run-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code code;
    fs::remove_all(path_, code);
    if (code) spdlog::warn("folder_left path=\"{}\" error=\"{}\"", path_, code.message());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Nobody else will come for the job: what it and its modules require counts as there, and a module that is
// not there is an error.
Result<void> make_room_for(const Submission& submission, const modules::Registry& registry,
                           actors::WorkerSettings& settings) {
  const auto make_room = [&](const std::map<std::string, double>& resources) {
    for (const auto& [name, amount] : resources)
      settings.resources[name] = std::max(settings.resources[name], amount);
  };
  for (const JobDocument& job : submission.jobs) {
    const Requirements& needs = job.spec.needs;
    for (const std::string& name : needs.modules) {
      const modules::Module* const module = registry.find(name);
      if (module == nullptr) {
        return invalid(
            fmt::format("there is no module \"{}\" here, only {}", name, fmt::join(registry.names(), ", ")),
            "/tasks");
      }
      make_room(module->resources());
    }
    settings.labels.insert(settings.labels.end(), needs.labels.begin(), needs.labels.end());
    make_room(needs.resources);
  }
  return {};
}

// Stores the option sets, submits the job and watches it. Interrupted, it cancels the job and watches on
// until it is.
asio::awaitable<void> follow(net::ApiClient& api, std::shared_ptr<Options> options,
                             std::map<std::string, boost::json::object> sets, std::string document,
                             std::shared_ptr<std::string> job_id, std::shared_ptr<int> code) {
  for (const auto& [name, set] : sets) {
    const std::string text = boost::json::serialize(boost::json::object{{"options", set}});
    const auto stored = co_await api.put_data("ffmpeg", name, text);
    if (!stored) {
      *code = report(stored.error());
      co_return;
    }
  }
  const auto submitted = co_await api.submit(document);
  if (!submitted) {
    *code = report(submitted.error(), options->file);
    co_return;
  }
  *job_id = submitted->ids.front();
  *code = co_await watch_jobs(api, submitted->ids, options->json);
}

asio::awaitable<void> cancel_on_signal(asio::signal_set& signals, net::ApiClient& api,
                                       std::shared_ptr<std::string> job_id,
                                       std::shared_ptr<bool> interrupted) {
  auto [error, signal] = co_await signals.async_wait(kTuple);
  if (error) co_return;  // the job has ended
  *interrupted = true;
  signals.clear();  // a second one ends the process; the guards then kill what runs
  if (job_id->empty()) co_return;
  const auto cancelled = co_await api.act(*job_id, net::JobAction::cancel);
  if (!cancelled) spdlog::warn("cancel_failed error=\"{}\"", cancelled.error().detail);
}

asio::awaitable<int> run_here(asio::io_context& loop, std::shared_ptr<Options> options) {
  static const SystemClock clock;
  const auto executor = loop.get_executor();
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  auto document = read_input(options->file);
  if (!document) co_return report(document.error());
  // The server would say the same, after everything was started.
  const auto submission = read_submission(*document, clock.now().wall);
  if (!submission) co_return report(submission.error(), options->file);
  auto sets = read_option_sets(options->option_sets);
  if (!sets) co_return report(sets.error());
  auto settings = settings_of({});
  if (!settings) co_return report(settings.error());
  auto registry = modules::Registry::with_folder(options->modules_dir);
  if (!registry) co_return report(registry.error());
  const auto room = make_room_for(*submission, *registry, *settings);
  if (!room) co_return report(room.error(), options->file);
  const TemporaryFolder folder;
  actors::ServerOptions server_options;
  server_options.http.port = 0;
  server_options.queue.data_dir = folder.path() + "/queue";
  server_options.queue.fsync = queue::Fsync::never;  // it lives as long as this process
  auto server = actors::Server::start(executor, clock, std::move(server_options), [] {});
  if (!server) co_return report(server.error());
  const std::string url = fmt::format("http://127.0.0.1:{}", (*server)->port());

  auto worker_http = net::HttpClient::create(executor, url);
  auto api_http = net::HttpClient::create(executor, url);
  auto state = actors::WorkerState::open(folder.path() + "/worker");
  if (!worker_http) co_return report(worker_http.error());
  if (!api_http) co_return report(api_http.error());
  if (!state) co_return report(state.error());
  settings->hostname = "here";
  net::ApiClient api(std::move(*api_http));
  actors::Worker worker(executor, clock, std::move(*settings), std::move(*registry),
                        net::WorkerClient(std::move(*worker_http), "run"), std::move(*state));
  worker.start();

  TaskGroup group(executor);
  const auto job_id = std::make_shared<std::string>();
  const auto code = std::make_shared<int>(1);
  const auto interrupted = std::make_shared<bool>(false);
  group.spawn("cancel on signal", cancel_on_signal(signals, api, job_id, interrupted));
  TaskGroup following(executor);
  following.spawn("follow", follow(api, options, std::move(*sets), std::move(*document), job_id, code));
  co_await following.join();
  signals.cancel();
  co_await group.join();
  worker.stop();
  co_await worker.finished();
  co_await (*server)->stop();
  const int exit_code = *interrupted ? kExitInterrupted : *code;
  co_return exit_code;
}

}  // namespace

RunCommand add_run_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("JOB", options->file, "The job document; \"-\" reads standard input")->required();
  app.add_option("--option-set", options->option_sets.files,
                 "An option set, from a file {\"name\": …, \"options\": {…}}; repeatable")
      ->default_str("")
      ->type_name("NAME=FILE");
  add_modules_option(app, options->modules_dir);
  add_json_option(app, options->json, "One JSON object a line for each event");
  add_log_options(app, options->log);
  app.footer(
      "Runs one job here, without a farm: server and worker in this process. The exit code is the job's: 0 "
      "completed,\n"
      "1 failed. Ctrl-C cancels the job and leaves nothing half written behind.\n"
      "Example:\n"
      "  sisyphus run job.json");
  return [options] {
    start_logging(options->log);
    return run_loop([options](asio::io_context& loop) { return run_here(loop, options); });
  };
}

}  // namespace sisyphus::app
