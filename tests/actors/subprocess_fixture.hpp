#pragma once

#include "actors/child_process.hpp"
#include "actors/process_tree.hpp"
#include "actors/subprocess.hpp"
#include "core/unique_fd.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sisyphus::actors {

// No process has this number, not even a zombie.
inline bool gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

// Waits for something that the kernel or another process is about to do; ctest's timeout is the limit.
inline void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

inline bool is_stopped(pid_t pid) {
  const auto stat = read_process_stat(pid);
  return stat && stat->state == 'T';
}

inline UniqueFd open_process(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

inline void wait_for_death(const UniqueFd& process) {
  pollfd dead{process.get(), POLLIN, 0};
  while (::poll(&dead, 1, -1) < 0) {
  }
}

// Runs the fake tool through the real guard, and keeps what the tool said.
class SubprocessTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* binary = std::getenv("SISYPHUS_BINARY");
    const auto* tool = std::getenv("SISYPHUS_FAKE_TOOL");
    if (binary == nullptr || tool == nullptr) FAIL() << "SISYPHUS_BINARY and SISYPHUS_FAKE_TOOL are not set";
    set_guard_program(binary);
    fake_tool = tool;
    options.on_out = [this](std::string_view line) { hear(line); };
  }

  // Makes the options those of `fake_tool mode…`.
  void use_tool(std::vector<std::string> mode) {
    options.argv = std::move(mode);
    options.argv.insert(options.argv.begin(), fake_tool);
  }

  Result<ExitReport> run(std::vector<std::string> mode) {
    use_tool(std::move(mode));
    return run();
  }

  Result<ExitReport> run() {
    start();
    return finish();
  }

  Result<ExitReport> finish() {
    loop.run();
    loop.restart();
    subprocess.reset();
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    return std::move(result).value();
  }

  void start() {
    subprocess.emplace(loop.get_executor(), options);
    asio::co_spawn(loop, subprocess->run(), [this](std::exception_ptr error, Result<ExitReport> report) {
      failure = error;
      result = std::move(report);
    });
  }

  bool all_gone() const {
    for (const auto pid : pids) {
      if (!gone(pid)) return false;
    }
    return true;
  }

  std::string fake_tool;
  Subprocess::Options options;
  asio::io_context loop{1};
  std::optional<Subprocess> subprocess;
  std::vector<std::string> lines;
  std::vector<pid_t> pids;                   // from the lines "pid N", the tool's own last
  std::function<void()> when_ready = [] {};  // on the line "ready"
  std::function<void()> at_each_line = [] {};

 private:
  void hear(std::string_view line) {
    lines.emplace_back(line);
    if (line.starts_with("pid ")) {
      pid_t pid = 0;
      std::from_chars(line.data() + 4, line.data() + line.size(), pid);
      pids.push_back(pid);
    }
    if (line == "ready") when_ready();
    at_each_line();
  }

  std::optional<Result<ExitReport>> result;
  std::exception_ptr failure;
};

}  // namespace sisyphus::actors
