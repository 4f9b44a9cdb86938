// A load of jobs for one queue, and what it took: a JSON line on standard output. Exit code 1 when a request
// failed or a job did not come out exactly once. bench/dispatch.py starts the queues and compares them.

#include "load/phase.hpp"
#include "load/process_usage.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

namespace sisyphus::bench {
namespace {

namespace json = boost::json;

struct Flags {
  std::string peer = "sisyphus";
  std::string phase = "lifecycle";
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  std::optional<pid_t> pid;
  Load load;
};

json::object report(const Flags& flags, Outcome& outcome, const std::string& complaint) {
  const double seconds = std::chrono::duration<double>(outcome.elapsed).count();
  json::object line{{"peer", flags.peer},
                    {"phase", flags.phase},
                    {"connections", flags.load.connections},
                    {"jobs", flags.load.jobs},
                    {"batch", flags.load.batch},
                    {"document_bytes", flags.load.document},
                    {"seconds", seconds},
                    {"jobs_per_s", static_cast<double>(flags.load.jobs) / seconds}};
  for (auto& [name, latencies] : {std::pair<const char*, Latencies&>{"submit", outcome.submit},
                                  {"take", outcome.take},
                                  {"finish", outcome.finish}}) {
    if (latencies.count() != 0) line[name] = latencies.summary();
  }
  line["errors"] = outcome.error_count;
  if (!outcome.errors.empty()) line["first_errors"] = json::value_from(outcome.errors);
  line["exactly_once"] = complaint.empty();
  if (!complaint.empty()) line["complaint"] = complaint;
  return line;
}

void add_usage(json::object& line, const ProcessUsage& before, const ProcessUsage& after, std::size_t jobs) {
  const auto used = std::chrono::duration<double, std::micro>(after.cpu - before.cpu).count();
  line["server_cpu_us_per_job"] = used / static_cast<double>(jobs);
  line["server_rss_bytes"] = after.resident_bytes;
  line["server_context_switches"] = after.context_switches - before.context_switches;
}

int measure(Flags flags) {
  static const std::map<std::string, Kind> kKinds{
      {"submit", Kind::submit}, {"drain", Kind::drain}, {"lifecycle", Kind::lifecycle}};
  flags.load.kind = kKinds.at(flags.phase);
  flags.load.server = {asio::ip::make_address(flags.host), flags.port};
  flags.load.dialect = [peer = flags.peer](std::size_t connection) -> std::unique_ptr<Dialect> {
    if (peer == "redis") return redis_dialect();
    if (peer == "beanstalkd") return beanstalkd_dialect();
    return sisyphus_dialect(connection);
  };
  if (flags.load.batch > 1 && !flags.load.dialect(0)->batches()) {
    fmt::print(stderr, "load_generator: {} takes one job a request: --batch must be 1\n", flags.peer);
    return 2;
  }
  const bool takes = flags.load.kind != Kind::submit;
  Ledger ledger(static_cast<std::size_t>(flags.load.first_number) + flags.load.jobs,
                takes ? flags.load.jobs : 0);
  const ProcessUsage before = flags.pid ? usage_of(*flags.pid) : ProcessUsage{};
  Outcome outcome = run(flags.load, ledger);
  const std::string complaint = ledger.complaint();
  json::object line = report(flags, outcome, complaint);
  if (flags.pid) add_usage(line, before, usage_of(*flags.pid), flags.load.jobs);
  fmt::print("{}\n", json::serialize(line));
  return outcome.error_count == 0 && complaint.empty() ? 0 : 1;
}

}  // namespace
}  // namespace sisyphus::bench

int main(int argc, char** argv) {
  sisyphus::bench::Flags flags;
  CLI::App app(
      "Puts a load of jobs on a queue that listens on loopback, and checks that each comes out exactly once");
  app.add_option("--peer", flags.peer, "What listens there")
      ->check(CLI::IsMember({"sisyphus", "redis", "beanstalkd"}))
      ->capture_default_str();
  app.add_option("--phase", flags.phase,
                 "submit, drain (take and finish what waits), or lifecycle (all three)")
      ->check(CLI::IsMember({"submit", "drain", "lifecycle"}))
      ->capture_default_str();
  app.add_option("--host", flags.host, "An address of this machine")
      ->check(CLI::ValidIPV4)
      ->capture_default_str();
  app.add_option("--port", flags.port, "Its port")->capture_default_str();
  app.add_option("--pid", flags.pid, "The server's process, to tell what it used");
  app.add_option("--connections", flags.load.connections, "At once, each with one request outstanding")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--jobs", flags.load.jobs, "In all")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--batch", flags.load.batch, "Jobs in a request")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--document", flags.load.document, "Bytes of a job")
      ->check(CLI::Range(200, 1'000'000))
      ->capture_default_str();
  app.add_option("--first", flags.load.first_number,
                 "Number of the first job; those with smaller ones may wait there already")
      ->capture_default_str();
  app.footer("Example: load_generator --port 5000 --phase lifecycle --connections 16 --jobs 30000");
  CLI11_PARSE(app, argc, argv);
  return sisyphus::bench::measure(std::move(flags));
}
