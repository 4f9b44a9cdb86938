#include "actors/tool_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using ::testing::HasSubstr;

const modules::RunProgram kProgram{{"/usr/bin/tool"}, std::nullopt, {0, 1}};

ExitReport exited(int code, std::string said = "") {
  ExitReport report;
  report.exit_code = code;
  report.err_tail = std::move(said);
  return report;
}

TEST(ToolFailure, CodesThatMeanSuccessAreNone) {
  EXPECT_FALSE(tool_failure(exited(0), kProgram, {}));
  EXPECT_FALSE(tool_failure(exited(1, "a warning"), kProgram, {}));
}

TEST(ToolFailure, OtherCodesAreFinalAndQuoteWhatTheToolSaid) {
  const auto failed = tool_failure(exited(2, "no such option"), kProgram, {});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "/usr/bin/tool ended with exit code 2:\nno such option");
  EXPECT_FALSE(failed->retryable);
}

TEST(ToolFailure, ASignalAndAFullDiskAreTriedAgain) {
  ExitReport killed;
  killed.signal = 9;
  EXPECT_TRUE(tool_failure(killed, kProgram, {}).value().retryable);
  const auto full = tool_failure(exited(2, "out.mkv: No space left on device"), kProgram, {});
  EXPECT_TRUE(full.value().retryable);
  EXPECT_THAT(full->message, HasSubstr("no space left on the disk"));
}

TEST(ToolFailure, WhatItsModuleMakesOfItMayFailARunThatEndedWell) {
  modules::Remarks remarks;
  remarks.errors = {"ssim is 0.5, expected at least 0.9"};
  EXPECT_FALSE(tool_failure(exited(0), kProgram, remarks));
  remarks.failed = true;
  const auto failed = tool_failure(exited(0, "[info] much"), kProgram, remarks);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message, "ssim is 0.5, expected at least 0.9");
  EXPECT_FALSE(failed->retryable);
}

}  // namespace
}  // namespace sisyphus::actors
