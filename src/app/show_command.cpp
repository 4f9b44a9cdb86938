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

namespace sisyphus::app {
namespace {

struct Options {
  std::string server;
  std::string id;
  bool json = false;
};

// "task 2 (verify): ssim 0.981, size_bytes 12345"
std::string result_text(const boost::json::object& result) {
  std::int64_t task = 0;
  std::string module;
  std::string numbers;
  for (const auto& [name, value] : result) {
    const std::string text =
        value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
    if (name == "task" && value.is_int64()) {
      task = value.get_int64() + 1;
    } else if (name == "module") {
      module = text;
    } else {
      numbers += fmt::format("{}{} {}", numbers.empty() ? "" : ", ", std::string_view(name),
                             value.is_double() ? fmt::format("{:.6g}", value.get_double()) : text);
    }
  }
  return fmt::format("task {} ({}): {}", task, module, numbers);
}

void print_job(const net::JobStatus& job) {
  const bool utf8 = locale_is_utf8();
  const auto line = [utf8](std::string_view name, std::string_view value) {
    while (!value.empty()) {  // further lines below the first
      const std::size_t end = std::min(value.find('\n'), value.size());
      fmt::print("{:<12}{}\n", name, printable(value.substr(0, end), utf8));
      value.remove_prefix(std::min(end + 1, value.size()));
      name = {};
    }
  };
  line("id", job.id);
  line("title", job.title);
  line("state", to_string(job.state));
  line("message", job.message);
  line("waits for", job.waiting_for);
  line("priority", fmt::format("{}", job.priority));
  if (job.max_attempts > 0) line("attempt", fmt::format("{} of {}", job.attempt, job.max_attempts));
  for (const net::AttemptStatus& attempt : job.attempts) {
    if (job.attempts.size() == 1) break;  // told above
    const std::string by = attempt.worker_id.empty() ? "" : " by worker " + attempt.worker_id;
    line(fmt::format("attempt {}", attempt.number),
         fmt::format("{}{}{}{}", attempt.outcome, by, attempt.reason.empty() ? "" : ": ", attempt.reason));
  }
  line("modules", fmt::format("{}", fmt::join(job.modules, ", ")));
  line("added", job.added);
  line("started", job.started_at);
  line("finished", job.finished_at);
  line("worker", job.hostname);
  if (!job.task.empty()) {
    JobShown shown;
    shown.task = job.task;
    shown.task_index = job.task_index;
    shown.task_count = job.task_count;
    shown.progress = job.progress;
    line("task", task_text(shown, utf8));
    line("progress", numbers_text(job.progress));
    line("whole job", job_numbers_text(job.job_percent, job.job_eta_s));
  }
  for (const std::string& output : job.outputs) line("output", output);
  for (const boost::json::object& result : job.results) line("result", result_text(result));
}

asio::awaitable<int> show(net::ApiClient& api, Options options) {
  const Result<std::string> id = co_await api.find_job(options.id);
  if (!id) co_return report(id.error());
  const Result<net::JobStatus> job = co_await api.job(*id);
  if (!job) co_return report(job.error());
  if (options.json) {
    fmt::print("{}\n", boost::json::serialize(job->raw));
  } else {
    print_job(*job);
  }
  co_return kExitDone;
}

}  // namespace

RunCommand add_show_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_server_option(app, options->server);
  app.add_option("ID", options->id, "A job's id or the beginning of one")->required();
  add_json_option(app, options->json, "The document with its status as one JSON object");
  app.footer(
      "Examples:\n"
      "  sisyphus show 1f0c\n"
      "  sisyphus show 1f0c --json | jq .info");
  return [options] {
    return run_client(options->server, [options](net::ApiClient& api) { return show(api, *options); });
  };
}

}  // namespace sisyphus::app
