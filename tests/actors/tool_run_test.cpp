#include "actors/tool_run.hpp"

#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using modules::StopPolicy;
using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};
constexpr Millis kGrace = 5s;

TEST(ToolRun, EndsWithEmptyWhenThePipesAreReadAndTheGuardIsGone) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("started 42", kStart);
  run.guard_said("exited 3", kStart);
  run.guard_said("empty", kStart);
  EXPECT_FALSE(run.over(kStart));
  run.pipes_ended();
  EXPECT_EQ(run.take_orders(kStart), "");
  EXPECT_FALSE(run.over(kStart));
  run.guard_hung_up();
  EXPECT_TRUE(run.over(kStart));
  EXPECT_EQ(run.end("tool")->exit_code, 3);
  EXPECT_FALSE(run.end("tool")->stopped);
}

TEST(ToolRun, WithoutEndOfThePipesWhatIsLeftIsKilledTwoSecondsAfterTheExit) {
  ToolRun run(StopPolicy::terminate, kGrace);
  run.guard_said("started 42", kStart);
  run.guard_said("exited 0", kStart);
  EXPECT_EQ(run.wake_at(), kStart + 2s);
  EXPECT_EQ(run.take_orders(kStart + 1999ms), "");
  EXPECT_EQ(run.take_orders(kStart + 2s), "K");
  EXPECT_EQ(run.take_orders(kStart + 2s), "");
}

TEST(ToolRun, WhatTheToolLeftBehindWithoutPipesIsKilledAtOnce) {
  ToolRun run(StopPolicy::terminate, kGrace);
  run.guard_said("exited 0", kStart);
  run.pipes_ended();
  EXPECT_EQ(run.take_orders(kStart), "K");
}

TEST(ToolRun, EndOfThePipesAloneEndsNothing) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("started 42", kStart);
  run.pipes_ended();
  EXPECT_EQ(run.take_orders(kStart + 1h), "");
  EXPECT_FALSE(run.over(kStart + 1h));
  EXPECT_EQ(run.wake_at(), std::nullopt);
}

TEST(ToolRun, StopKillsAtOnceWhereThatIsThePolicy) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.stop(kStart);
  EXPECT_EQ(run.take_orders(kStart), "K");
}

TEST(ToolRun, StopTerminatesAndKillsAfterTheGrace) {
  ToolRun run(StopPolicy::terminate, kGrace);
  run.stop(kStart);
  EXPECT_EQ(run.take_orders(kStart), "T");
  run.stop(kStart + 1s);
  EXPECT_EQ(run.take_orders(kStart + 4999ms), "");
  EXPECT_EQ(run.wake_at(), kStart + kGrace);
  EXPECT_EQ(run.take_orders(kStart + kGrace), "K");
}

TEST(ToolRun, KillDuringTheGraceDoesNotWait) {
  ToolRun run(StopPolicy::terminate, kGrace);
  run.stop(kStart);
  run.kill(kStart + 1s);
  EXPECT_EQ(run.take_orders(kStart + 1s), "TK");
}

TEST(ToolRun, GivesUpTwoSecondsAfterTheGraceAndNamesTheProcess) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("started 42", kStart);
  run.stop(kStart);
  EXPECT_EQ(run.take_orders(kStart), "K");
  EXPECT_EQ(run.wake_at(), kStart + kGrace + 2s);
  EXPECT_FALSE(run.over(kStart + 6999ms));
  EXPECT_TRUE(run.over(kStart + 7s));
  EXPECT_EQ(run.end("/bin/tool").error().code, Errc::unavailable);
  EXPECT_NE(run.end("/bin/tool").error().detail.find("42 (/bin/tool)"), std::string::npos);
}

TEST(ToolRun, PipeHeldByAStrangerIsWaitedForTwoSeconds) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("exited 0", kStart);
  run.guard_said("empty", kStart + 1s);
  run.guard_hung_up();
  EXPECT_FALSE(run.over(kStart + 2999ms));
  EXPECT_EQ(run.wake_at(), kStart + 3s);
  EXPECT_TRUE(run.over(kStart + 3s));
  EXPECT_TRUE(run.end("tool").has_value());
}

TEST(ToolRun, StoppedMeansAskedForBeforeItEnded) {
  ToolRun asked(StopPolicy::kill, kGrace);
  asked.stop(kStart);
  asked.guard_said("signalled 9", kStart);
  asked.guard_said("empty", kStart);
  EXPECT_TRUE(asked.end("tool")->stopped);
  EXPECT_EQ(asked.end("tool")->signal, 9);

  ToolRun late(StopPolicy::kill, kGrace);
  late.guard_said("exited 0", kStart);
  late.stop(kStart);
  late.guard_said("empty", kStart);
  EXPECT_FALSE(late.end("tool")->stopped);
}

TEST(ToolRun, PauseAndResumeAreOrdersInTheirOrder) {
  ToolRun run(StopPolicy::terminate, kGrace);
  run.pause();
  run.resume();
  run.pause();
  run.stop(kStart);
  EXPECT_EQ(run.take_orders(kStart), "SCST");
}

TEST(ToolRun, PauseAfterTheEndIsNoOrder) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("exited 0", kStart);
  run.pause();
  EXPECT_EQ(run.take_orders(kStart), "");
}

TEST(ToolRun, FailedStartNamesProgramAndReason) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("failed 2", kStart);
  run.guard_said("empty", kStart);
  EXPECT_EQ(run.end("/no/tool").error(),
            (Error{Errc::tool, "could not start /no/tool: No such file or directory", {}}));
}

TEST(ToolRun, LimitsThatTheSystemRefusesAreNamed) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("refused 1", kStart);
  run.guard_said("empty", kStart);
  EXPECT_EQ(run.end("/the/tool").error(),
            (Error{Errc::tool,
                   "could not limit the nice, ionice or memory of /the/tool: Operation not permitted",
                   {}}));
}

TEST(ToolRun, GuardThatDiesIsAnErrorAtOnce) {
  ToolRun run(StopPolicy::kill, kGrace);
  run.guard_said("started 42", kStart);
  run.guard_hung_up();
  EXPECT_TRUE(run.over(kStart));
  EXPECT_EQ(run.end("tool").error().code, Errc::unavailable);
  EXPECT_NE(run.end("tool").error().detail.find("the guard process died"), std::string::npos);
}

TEST(ToolRun, ReportThatIsNoneKillsAndIsAnError) {
  for (const auto* line : {"x", "exited", "exited3", "exited x", "exited 1 2", "empty 1", "hello 5"}) {
    ToolRun run(StopPolicy::terminate, kGrace);
    run.guard_said(line, kStart);
    EXPECT_EQ(run.take_orders(kStart), "K") << line;
    EXPECT_EQ(run.end("tool").error().code, Errc::unavailable) << line;
  }
}

}  // namespace
}  // namespace sisyphus::actors
