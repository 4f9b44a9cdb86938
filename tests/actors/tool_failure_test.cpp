#include "actors/tool_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

modules::Plan plan_of(std::vector<std::string> argv) {
  modules::Plan plan;
  plan.argv = std::move(argv);
  plan.action = modules::RunProgram{{"/usr/bin/env", "/usr/bin/tool"}, std::nullopt, {0, 1}};
  return plan;
}

const modules::Plan kPlan = plan_of({"tool"});

ExitReport exited(int code, std::string said = "") {
  ExitReport report;
  report.exit_code = code;
  report.err_tail = std::move(said);
  return report;
}

TEST(ToolFailure, CodesThatMeanSuccessAreNone) {
  EXPECT_FALSE(tool_failure(exited(0), kPlan, {}));
  EXPECT_FALSE(tool_failure(exited(1, "a warning"), kPlan, {}));
}

TEST(ToolFailure, OtherCodesAreFinalAndQuoteWhatTheToolSaid) {
  const auto failed = tool_failure(exited(2, "no such option"), kPlan, {});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "tool ended with exit code 2:\nno such option");
  EXPECT_FALSE(failed->retryable);
}

TEST(ToolFailure, NamesTheToolAndWhereTheOriginalHasNoneTheProgram) {
  EXPECT_THAT(tool_failure(exited(3), plan_of({}), {})->message,
              HasSubstr("/usr/bin/env ended with exit code 3"));
}

TEST(ToolFailure, ASignalAndAFullDiskAreTriedAgain) {
  ExitReport killed;
  killed.signal = 9;
  EXPECT_TRUE(tool_failure(killed, kPlan, {}).value().retryable);
  const auto full = tool_failure(exited(2, "out.mkv: No space left on device"), kPlan, {});
  EXPECT_TRUE(full.value().retryable);
  EXPECT_THAT(full->message, HasSubstr("no space left on the disk"));
}

TEST(ToolFailure, WhatItsModuleMakesOfItMayFailARunThatEndedWell) {
  modules::Remarks remarks;
  remarks.errors = {"ssim is 0.5, expected at least 0.9"};
  EXPECT_FALSE(tool_failure(exited(0), kPlan, remarks));
  remarks.failed = true;
  const auto failed = tool_failure(exited(0, "[info] much"), kPlan, remarks);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "ssim is 0.5, expected at least 0.9");
  EXPECT_FALSE(failed->retryable);
}

TEST(ToolFailure, WhoRanOutOfMemoryUnderALimitIsToldTheLimit) {
  const std::uint64_t limit = 2ULL << 30;
  const auto failed = tool_failure(exited(2, "x265: Cannot allocate memory"), kPlan, {}, limit);
  EXPECT_THAT(failed.value().message,
              HasSubstr("exit code 2: it needs more memory than the worker's --memory-limit, 2G"));
  ExitReport crashed;
  crashed.signal = 11;
  EXPECT_THAT(tool_failure(crashed, kPlan, {}, limit).value().message,
              HasSubstr("perhaps of the worker's --memory-limit, 2G"));
  ExitReport killed;
  killed.signal = 9;  // not what lack of memory does under such a limit
  for (const auto& other :
       {tool_failure(killed, kPlan, {}, limit), tool_failure(exited(2, "no"), kPlan, {}, limit),
        tool_failure(exited(2, "Cannot allocate memory"), kPlan, {})}) {
    EXPECT_THAT(other.value().message, Not(HasSubstr("memory-limit")));
  }
}

}  // namespace
}  // namespace sisyphus::actors
