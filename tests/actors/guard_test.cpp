#include "actors/guard.hpp"

#include "tests/actors/subprocess_fixture.hpp"

#include <gmock/gmock.h>

#include <array>

#include <fcntl.h>
#include <sys/wait.h>

namespace sisyphus::actors {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class GuardProcess : public SubprocessTest {
 protected:
  static pid_t guard_of(pid_t tool) { return read_process_stat(tool)->parent; }
  void expect_nothing_left_after(void (*kill_worker)(pid_t worker));
};

TEST_F(GuardProcess, SurvivesTheSignalsThatEndAWorker) {
  when_ready = [this] {
    const auto guard = guard_of(pids.back());
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE}) ::kill(guard, signal);
    subprocess->stop();
  };
  const auto report = run({"grandchild-setsid"});
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->stopped);
  EXPECT_TRUE(all_gone());
}

TEST_F(GuardProcess, ItsDeathEndsTheToolAndTheRun) {
  UniqueFd tool;
  when_ready = [&] {
    tool = open_process(pids.back());
    ::kill(guard_of(pids.back()), SIGKILL);
  };
  const auto report = run({"hang"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable);
  EXPECT_THAT(report.error().detail, HasSubstr("the guard process died"));
  wait_for_death(tool);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

// Tells the test, over a pipe, every line its tool says; ends by being killed.
[[noreturn]] void be_a_worker(Subprocess::Options options, int pipe) {
  options.on_out = [pipe](std::string_view line) {
    const auto text = std::string(line) + "\n";
    if (::write(pipe, text.data(), text.size()) < 0) ::_exit(1);
  };
  asio::io_context loop(1);
  Subprocess subprocess(loop.get_executor(), std::move(options));
  asio::co_spawn(loop, subprocess.run(), [](std::exception_ptr, const Result<ExitReport>&) { ::_exit(2); });
  loop.run();
  ::_exit(3);
}

std::vector<pid_t> read_pids(int pipe) {
  std::string text;
  while (!text.ends_with("ready\n")) {
    std::array<char, 256> buffer;
    const auto size = ::read(pipe, buffer.data(), buffer.size());
    if (size <= 0) return {};
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  std::vector<pid_t> pids;
  for (auto at = text.find("pid "); at != std::string::npos; at = text.find("pid ", at + 1)) {
    pids.push_back(std::stoi(text.substr(at + 4)));
  }
  return pids;
}

void GuardProcess::expect_nothing_left_after(void (*kill_worker)(pid_t worker)) {
  use_tool({"grandchild-setsid"});
  std::array<int, 2> pipe;
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const UniqueFd from_worker(pipe[0]);
  UniqueFd to_test(pipe[1]);
  const auto worker = ::fork();
  ::setpgid(worker, worker);  // for 0 it is the child's own
  if (worker == 0) be_a_worker(options, to_test.get());
  to_test.reset();

  pids = read_pids(from_worker.get());
  ASSERT_THAT(pids, SizeIs(2));
  const auto guard = open_process(guard_of(pids.back()));
  kill_worker(worker);
  int status = 0;
  ::waitpid(worker, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  wait_for_death(guard);  // it goes last
  EXPECT_TRUE(all_gone());
}

TEST_F(GuardProcess, WorkerThatIsKilledLeavesNoDescendant) {
  expect_nothing_left_after([](pid_t worker) { ::kill(worker, SIGKILL); });
}

TEST_F(GuardProcess, WorkerThatIsKilledWithItsWholeGroupLeavesNoDescendant) {
  expect_nothing_left_after([](pid_t worker) { ::kill(-worker, SIGKILL); });
}

}  // namespace
}  // namespace sisyphus::actors
