#include "actors/probe_runner.hpp"

#include "actors/subprocess.hpp"
#include "core/program_path.hpp"

#include <asio/steady_timer.hpp>
#include <fmt/format.h>

#include <sys/stat.h>

namespace sisyphus::actors {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr std::size_t kMostKnown = 256;
constexpr std::size_t kMostOutput = 4U << 20;  // bytes

std::string state_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

}  // namespace

asio::awaitable<modules::ProbeResult> ProbeRunner::run(modules::Probe probe) {
  const std::string command = fmt::format("{}", fmt::join(probe.argv, std::string_view("\0", 1)));
  const std::string state = state_of(probe.path);
  if (const auto found = known_.find(command);
      found != known_.end() && !state.empty() && found->second.state == state) {
    co_return found->second.result;
  }
  modules::ProbeResult result = co_await execute(std::move(probe.argv));
  if (!state.empty()) {
    if (known_.size() >= kMostKnown) known_.erase(known_.begin());
    known_[command] = {state, result};
  }
  co_return result;
}

asio::awaitable<modules::ProbeResult> ProbeRunner::execute(std::vector<std::string> argv) {
  modules::ProbeResult result;
  const auto program = find_program(argv.front());
  if (!program) {
    result.exit_code = 127;
    result.err = argv.front() + " was not found on PATH";
    co_return result;
  }
  argv.front() = *program;
  Subprocess::Options options;
  options.argv = std::move(argv);
  options.on_out = [&result](std::string_view line) {
    if (result.out.size() < kMostOutput) result.out.append(line).append("\n");
  };
  Subprocess process(executor_, std::move(options));
  asio::steady_timer limit(executor_, kLongest);
  bool late = false;
  limit.async_wait([&process, &late](std::error_code error) {
    if (error) return;  // it was quick enough
    late = true;
    process.kill();
  });
  const auto report = co_await process.run();
  limit.cancel();
  if (!report) {
    result.exit_code = 127;
    result.err = report.error().detail;
    co_return result;
  }
  result.exit_code = late ? 124 : report->signal != 0 ? 128 + report->signal : report->exit_code;
  result.err = late ? fmt::format("no answer after {} s", kLongest.count()) : report->err_tail;
  co_return result;
}

}  // namespace sisyphus::actors
