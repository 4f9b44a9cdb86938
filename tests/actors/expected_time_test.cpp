#include "actors/expected_time.hpp"

#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

modules::Plan encode() {
  modules::Plan plan;
  plan.encodes = true;
  return plan;
}

TEST(ExpectedTime, GoesByWhatIsKnownBest) {
  modules::Plan plan = encode();
  EXPECT_FALSE(expected_seconds(plan, std::nullopt));
  const double by_bytes = expected_seconds(plan, 100'000'000).value();
  plan.total_seconds = 100;
  EXPECT_NE(expected_seconds(plan, 100'000'000), by_bytes);
  const auto by_seconds = expected_seconds(plan, std::nullopt);
  plan.total_frames = 2500;
  EXPECT_NE(expected_seconds(plan, std::nullopt), by_seconds);
}

TEST(ExpectedTime, CopyingAStreamIsFarQuickerThanEncodingIt) {
  modules::Plan plan = encode();
  plan.total_frames = 100'000;
  const double encoded = expected_seconds(plan, 1'000'000'000).value();
  plan.encodes = false;
  EXPECT_LT(expected_seconds(plan, 1'000'000'000).value() * 20, encoded);
}

TEST(ExpectedTime, AFileThatIsYetToBeWrittenIsAsLargeAsTheLargest) {
  const testing::TempFolder folder;
  testing::write_text(folder / "in", std::string(1'000'000, 'x'));
  JobPlan job;
  for (const char* input : {"in", "out", ""}) {
    PlannedTask task;
    task.planned.plan.emplace();
    if (*input != '\0') task.planned.plan->inputs.push_back(folder / input);
    job.tasks.push_back(std::move(task));
  }
  job.tasks.push_back(job.tasks.back());
  job.tasks.back().planned.plan->action = modules::ChangeFiles{};  // a deletion reads nothing
  const auto seconds = expected_seconds(job);
  ASSERT_EQ(seconds.size(), 4U);
  EXPECT_TRUE(seconds[0]);
  EXPECT_EQ(seconds[1], seconds[0]);
  EXPECT_FALSE(seconds[2]);
  EXPECT_LT(seconds[3].value(), seconds[0].value());
}

}  // namespace
}  // namespace sisyphus::actors
