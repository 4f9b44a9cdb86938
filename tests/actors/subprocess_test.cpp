#include "actors/subprocess.hpp"

#include "tests/actors/subprocess_fixture.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>

namespace sisyphus::actors {
namespace {

using modules::StopPolicy;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

// What a tool is told and what it tells.
class SubprocessRun : public SubprocessTest {};

// How a tool is ended, and what is left then: nothing.
class SubprocessStop : public SubprocessTest {};

TEST_F(SubprocessRun, ExitCodeAndLinesAreReported) {
  const auto report = run({"lines", "3"});
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->exit_code, 0);
  EXPECT_EQ(report->signal, 0);
  EXPECT_FALSE(report->stopped);
  EXPECT_THAT(lines, ElementsAre("line 0", "line 1", "line 2"));
  EXPECT_EQ(run({"exit", "3"})->exit_code, 3);
}

TEST_F(SubprocessRun, NoLineIsLostWhenTheToolEndsAtOnce) {
  ASSERT_TRUE(run({"lines", "20000"}));
  EXPECT_THAT(lines, SizeIs(20'000));
  EXPECT_EQ(lines.back(), "line 19999");
}

TEST_F(SubprocessRun, DeathBySignalIsReported) {
  const auto report = run({"die-by", std::to_string(SIGUSR1)});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->signal, SIGUSR1);
  EXPECT_FALSE(report->stopped);
}

TEST_F(SubprocessRun, ToolThatCannotBeStartedIsAnErrorWithTheReason) {
  options.argv = {"/no/such/tool"};
  const auto missing = run();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(),
            (Error{Errc::tool, "could not start /no/such/tool: No such file or directory", {}}));
  options.argv = {"/etc/passwd"};
  EXPECT_THAT(run().error().detail, HasSubstr("Permission denied"));
  options.argv = {};
  EXPECT_EQ(run().error().code, Errc::tool);
}

TEST_F(SubprocessRun, MissingWorkingDirectoryIsNamed) {
  options.working_directory = "/no/such/folder";
  const auto report = run({"exit", "0"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::tool);
  EXPECT_THAT(report.error().detail, HasSubstr("/no/such/folder"));
}

TEST_F(SubprocessRun, ToolStartsInItsDirectoryWithDefaultSignalsAndThreeDescriptors) {
  options.working_directory = std::filesystem::canonical("/tmp");
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const auto ignored_before = ::signal(SIGPIPE, SIG_IGN);
  const UniqueFd inheritable(::dup(STDIN_FILENO));
  const auto report = run({"surroundings"});
  ::signal(SIGPIPE, ignored_before);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(report);
  EXPECT_THAT(lines, Contains("in " + options.working_directory));
  EXPECT_THAT(lines, Contains("leads its group"));
  EXPECT_THAT(lines, Contains("SigBlk:\t0000000000000000"));
  EXPECT_THAT(lines, Contains("SigIgn:\t0000000000000000"));
  EXPECT_THAT(lines, Contains("fd 2"));
  EXPECT_THAT(lines, Contains(StartsWith("fd ")).Times(3));
}

TEST_F(SubprocessRun, InputIsWrittenAndClosed) {
  std::string input;
  for (int i = 0; i < 50'000; ++i) input += "line " + std::to_string(i) + "\n";
  options.input = input;
  ASSERT_TRUE(run({"echo-stdin"}));
  EXPECT_THAT(lines, SizeIs(50'000));
  EXPECT_EQ(lines.back(), "line 49999");
}

TEST_F(SubprocessRun, WithoutInputStandardInputIsAtItsEnd) {
  ASSERT_TRUE(run({"echo-stdin"}));
  EXPECT_THAT(lines, SizeIs(0));
}

TEST_F(SubprocessRun, ToolThatNeverReadsItsInputDoesNotHangTheRun) {
  options.input = std::string(4'000'000, 'x');
  const auto report = run({"no-stdin"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 0);
}

TEST_F(SubprocessRun, ErrorsAreLinesAndATailOfValidUtf8) {
  std::vector<std::string> errors;
  options.on_err = [&](std::string_view line) { errors.emplace_back(line); };
  const auto report = run({"not-utf8"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 5);
  EXPECT_EQ(report->err_tail, "caf\xEF\xBF\xBD na\xC3\xAFve \xEF\xBF\xBD\n");
  EXPECT_THAT(errors, ElementsAre("caf\xE9 na\xC3\xAFve \xFF"));
}

long peak_memory() {  // KiB
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(SubprocessRun, FloodOfErrorsDoesNotGrowMemory) {
  ASSERT_TRUE(run({"noisy", "1000000"}));
  const auto before = peak_memory();
  const auto report = run({"noisy", "300000000"});
  ASSERT_TRUE(report);
  EXPECT_LT(peak_memory() - before, 20'000);
  EXPECT_LE(report->err_tail.size(), 16'384U);
  EXPECT_TRUE(report->err_tail.ends_with("the last words\n"));
}

TEST_F(SubprocessRun, ToolThatClosesItsPipesIsWaitedFor) {
  const auto report = run({"close-pipes"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 7);
}

TEST_F(SubprocessRun, ProgressComesWhileTheToolRuns) {
  use_tool({"progress", "1", "1000000"});
  int reports = 0;
  at_each_line = [&] {
    if (lines.back() == "progress=continue" && ++reports == 3) subprocess->stop();
  };
  EXPECT_TRUE(run()->stopped);
  EXPECT_THAT(lines, Contains("frame=3"));
}

TEST_F(SubprocessRun, PausedToolIsStoppedUntilItIsResumed) {
  use_tool({"progress", "1", "1000000"});
  int reports = 0;
  at_each_line = [&] {
    if (lines.back() != "progress=continue") return;
    ++reports;
    if (reports == 3) {
      subprocess->pause();
      subprocess->pause();
      wait_until([this] { return is_stopped(pids.back()); });
      subprocess->resume();
      wait_until([this] { return !is_stopped(pids.back()); });
    }
    if (reports == 300) subprocess->stop();
  };
  EXPECT_TRUE(run()->stopped);
  EXPECT_GE(reports, 300);
}

TEST_F(SubprocessRun, ManyRunOnOneLoop) {
  std::vector<std::unique_ptr<Subprocess>> tools;
  int good = 0;
  for (int i = 0; i < 20; ++i) {
    use_tool({"exit", std::to_string(i)});
    tools.push_back(std::make_unique<Subprocess>(loop.get_executor(), options));
    asio::co_spawn(loop, tools.back()->run(), [&good, i](std::exception_ptr, Result<ExitReport> report) {
      if (report && report->exit_code == i) ++good;
    });
  }
  loop.run();
  EXPECT_EQ(good, 20);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_F(SubprocessRun, DescriptorsAndZombiesDoNotAddUp) {
  options.input = "x";
  ASSERT_TRUE(run({"echo-stdin"}));
  const auto before = open_descriptors();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(run({"echo-stdin"}));
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(SubprocessRun, FailedLaunchOfTheGuardLeavesNoZombie) {
  set_guard_program("/no/such/sisyphus");
  ASSERT_FALSE(run({"exit", "0"}));
  const auto before = open_descriptors();
  const auto report = run({"exit", "0"});
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().detail, HasSubstr("/no/such/sisyphus: No such file"));
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(SubprocessRun, CallbackThatThrowsEndsTheToolAndTheRun) {
  when_ready = [] { throw std::runtime_error("no such line"); };
  EXPECT_THROW(run({"hang"}), std::runtime_error);
  ASSERT_THAT(pids, SizeIs(1));
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, KillPolicyKillsAtOnce) {
  when_ready = [this] { subprocess->stop(); };
  const auto report = run({"ignore-term"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->signal, SIGKILL);
  EXPECT_TRUE(report->stopped);
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, TerminatePolicyLetsTheToolEndItself) {
  options.stop = StopPolicy::terminate;
  options.grace = std::chrono::hours(1);
  when_ready = [this] {
    subprocess->stop();
    subprocess->stop();
  };
  const auto report = run({"exit-on-term", "9"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 9);
  EXPECT_EQ(report->signal, 0);
  EXPECT_TRUE(report->stopped);
}

TEST_F(SubprocessStop, TerminatePolicyKillsAfterTheGrace) {
  options.stop = StopPolicy::terminate;
  options.grace = std::chrono::milliseconds(50);
  when_ready = [this] { subprocess->stop(); };
  const auto report = run({"ignore-term"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->signal, SIGKILL);
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, KillDoesNotWaitForTheGrace) {
  options.stop = StopPolicy::terminate;
  options.grace = std::chrono::hours(1);
  when_ready = [this] {
    subprocess->stop();
    subprocess->kill();
  };
  EXPECT_EQ(run({"ignore-term"})->signal, SIGKILL);
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, AskedForBeforeTheStartItEndsTheTool) {
  use_tool({"hang"});
  start();
  subprocess->stop();
  EXPECT_TRUE(finish()->stopped);
}

TEST_F(SubprocessStop, PausedToolIsEndedByEitherPolicy) {
  when_ready = [this] {
    subprocess->pause();
    wait_until([this] { return is_stopped(pids.back()); });
    subprocess->stop();
  };
  EXPECT_EQ(run({"hang"})->signal, SIGKILL);
  options.stop = StopPolicy::terminate;
  options.grace = std::chrono::hours(1);
  EXPECT_EQ(run({"exit-on-term", "9"})->exit_code, 9);
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, GrandchildInASessionOfItsOwnIsKilled) {
  when_ready = [this] { subprocess->stop(); };
  ASSERT_TRUE(run({"grandchild-setsid"}));
  ASSERT_THAT(pids, SizeIs(2));
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, WholeFamilyIsKilled) {
  when_ready = [this] { subprocess->stop(); };
  ASSERT_TRUE(run({"family", "20"}));
  ASSERT_THAT(pids, SizeIs(41));
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, GrandchildThatHoldsThePipeIsKilledTwoSecondsAfterTheTool) {
  std::chrono::steady_clock::time_point said;
  at_each_line = [&] { said = std::chrono::steady_clock::now(); };
  const auto report = run({"grandchild-holds-pipe"});
  ASSERT_TRUE(report);
  EXPECT_GE(std::chrono::steady_clock::now() - said, std::chrono::seconds(2));
  EXPECT_EQ(report->exit_code, 0);
  EXPECT_FALSE(report->stopped);
  ASSERT_THAT(pids, SizeIs(2));
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, DaemonThatAToolLeavesBehindIsKilled) {
  const auto report = run({"leaves-daemon"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 0);
  ASSERT_THAT(pids, SizeIs(1));
  EXPECT_TRUE(all_gone());
}

TEST_F(SubprocessStop, DestroyedWhileItRunsItKillsWhatIsLeft) {
  use_tool({"grandchild-setsid"});
  bool ready = false;
  when_ready = [&] { ready = true; };
  start();
  while (!ready) loop.run_one();
  subprocess.reset();
  ASSERT_THAT(pids, SizeIs(2));
  EXPECT_TRUE(all_gone());
}

}  // namespace
}  // namespace sisyphus::actors
