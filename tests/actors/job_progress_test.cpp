#include "actors/job_progress.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace sisyphus::actors {
namespace {

class JobProgressTest : public ::testing::Test {
 protected:
  void use(std::vector<std::optional<double>> expected_s) { job_ = JobProgress(std::move(expected_s)); }
  void start(std::size_t index) { job_.start_task(index, now_); }
  void pass(double seconds) { now_ += std::chrono::milliseconds(std::llround(seconds * 1000)); }
  void report(std::optional<double> percent) {
    Progress progress;
    progress.percent = percent;
    job_.report(progress, now_);
  }
  std::optional<double> eta() const { return job_.eta_s(now_); }

  SteadyTime now_{std::chrono::hours(5)};
  JobProgress job_;
};

TEST_F(JobProgressTest, TasksCountByWhatTheyAreExpectedToTake) {
  use({90.0, 10.0});
  start(0);
  EXPECT_EQ(job_.percent(), 0);
  pass(10);
  report(50);
  EXPECT_DOUBLE_EQ(job_.percent(), 45);
  start(1);
  EXPECT_DOUBLE_EQ(job_.percent(), 90);
  report(50);
  EXPECT_DOUBLE_EQ(job_.percent(), 95);
}

TEST_F(JobProgressTest, UnknownTasksShareEvenly) {
  use({std::nullopt, std::nullopt});
  start(1);
  EXPECT_DOUBLE_EQ(job_.percent(), 50);
  use({30.0, std::nullopt, 10.0});  // counts as 20
  start(2);
  EXPECT_NEAR(job_.percent(), 100.0 * 50 / 60, 1e-9);
}

TEST_F(JobProgressTest, AHundredIsToldOnlyAtTheEnd) {
  use({5.0});
  start(0);
  pass(5);
  report(100);
  EXPECT_EQ(job_.percent(), 99.9);
  job_.finish();
  EXPECT_EQ(job_.percent(), 100);
  EXPECT_EQ(eta(), 0);
}

TEST_F(JobProgressTest, NeverGoesBackWhenAPhaseBeginsAnew) {
  use({10.0, 10.0});
  start(0);
  double highest = 0;
  for (const double percent : {10.0, 80.0, 0.0, 40.0, 79.0, 100.0, 3.0}) {
    pass(1);
    report(percent);
    EXPECT_GE(job_.percent(), highest) << percent;
    highest = job_.percent();
  }
  EXPECT_DOUBLE_EQ(highest, 50);
}

TEST_F(JobProgressTest, ATaskThatDoesNotTellLeavesItWhereItWas) {
  use({10.0, 10.0});
  start(0);
  pass(1);
  report(30);
  report(std::nullopt);
  EXPECT_DOUBLE_EQ(job_.percent(), 15);
}

TEST_F(JobProgressTest, NonsensePercentagesAreCutToWhatIsPossible) {
  use({10.0});
  start(0);
  pass(1);
  report(-5);
  EXPECT_EQ(job_.percent(), 0);
  report(1e300);
  EXPECT_EQ(job_.percent(), 99.9);
}

TEST_F(JobProgressTest, TheTimeLeftFollowsTheTasksOwnPace) {
  use({7.0});  // wrong by far
  start(0);
  for (int percent = 1; percent <= 50; ++percent) {
    pass(2);
    report(percent);
  }
  EXPECT_NEAR(eta().value(), 100, 0.01);
  pass(3);  // counts down between reports
  EXPECT_NEAR(eta().value(), 97, 0.01);
}

TEST_F(JobProgressTest, LaterTasksAddWhatThoseBeforeLetExpect) {
  use({100.0, 50.0});
  start(0);
  for (int percent = 1; percent <= 50; ++percent) {
    pass(2);  // twice as slow as expected
    report(percent);
  }
  // 100 s of this one; the next one's 50 s become about 100: the more is done, the less the expectation
  // counts.
  EXPECT_NEAR(eta().value(), 100 + 50 * (100 + 15.0) / (50 + 15), 0.01);
}

TEST_F(JobProgressTest, AQuickFirstTaskDoesNotPromiseAQuickSecond) {
  use({1.0, 100.0});
  start(0);
  pass(0.01);
  report(100);
  start(1);
  pass(3);
  EXPECT_NEAR(eta().value(), 100 * (0.01 + 10.1) / (1 + 10.1) - 3, 0.01);
}

TEST_F(JobProgressTest, NothingIsPromisedWhileThereIsTooLittleToGoBy) {
  use({std::nullopt});
  EXPECT_FALSE(eta());
  start(0);
  pass(1);
  report(50);
  EXPECT_FALSE(eta()) << "the first seconds say little";
  pass(1);
  EXPECT_TRUE(eta());
  use({std::nullopt, std::nullopt});
  start(0);
  pass(100);
  EXPECT_FALSE(eta()) << "nothing was ever told";
}

TEST_F(JobProgressTest, TheTimeLeftSettles) {
  use({1000.0});
  start(0);
  double percent = 0;
  double before = 0;
  for (int i = 0; i < 4000 && percent < 95; ++i) {  // by turns at half and at one and a half times the pace
    pass(0.25);
    percent += 0.025 * (i % 2 == 0 ? 0.5 : 1.5);
    report(percent);
    const auto left = eta();
    if (i > 400) {
      const double right = (100 - percent) * 10;
      EXPECT_NEAR(left.value(), right, 0.03 * right + 1) << i;
      EXPECT_LT(std::abs(*left - before), 10) << i;
    }
    before = left.value_or(0);
  }
}

TEST_F(JobProgressTest, AChangeOfPaceIsFollowed) {
  use({100.0});
  start(0);
  double percent = 0;
  for (int i = 0; i < 100; ++i) {
    pass(1);
    report(percent += 0.2);
  }
  for (int i = 0; i < 240; ++i) {  // four times as slow, for four minutes
    pass(1);
    report(percent += 0.2 / 4);
  }
  const double right = (100 - percent) / 0.05;
  EXPECT_NEAR(eta().value(), right, 0.2 * right);
}

TEST_F(JobProgressTest, TimeSpentPausedDoesNotCount) {
  use({100.0});
  start(0);
  for (int percent = 1; percent <= 10; ++percent) {
    pass(1);
    report(percent);
  }
  const double before = eta().value();
  job_.pause(now_);
  job_.pause(now_);
  pass(10000);
  EXPECT_DOUBLE_EQ(eta().value(), before);
  job_.resume(now_);
  job_.resume(now_);
  EXPECT_DOUBLE_EQ(eta().value(), before);
  pass(1);
  report(11);
  EXPECT_NEAR(eta().value(), 89, 0.01);
}

TEST_F(JobProgressTest, APauseBeforeTheFirstTaskDoesNotCountEither) {
  use({100.0});
  job_.pause(now_);
  pass(50);
  start(0);
  pass(50);
  job_.resume(now_);
  for (int percent = 1; percent <= 10; ++percent) {
    pass(1);
    report(percent);
  }
  EXPECT_NEAR(eta().value(), 90, 0.01);
}

}  // namespace
}  // namespace sisyphus::actors
