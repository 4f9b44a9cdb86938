#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

namespace sisyphus::queue {
namespace {

using ::testing::ElementsAre;

// Each minute of waiting counts as much as one of priority.
class JobQueueAgeing : public QueueTest {
 protected:
  JobQueueAgeing() {
    queue_ = fresh();
    queue_->open(now_);
  }

  static std::unique_ptr<JobQueue> fresh() {
    Policy policy;
    policy.ageing = 1min;
    return std::make_unique<JobQueue>(policy, 1);
  }
};

TEST_F(JobQueueAgeing, WaitingCountsAsPriority) {
  submit("old", "m");
  pass(3min);
  submit("new", "m", R"(,"priority":2)");
  submit("newer", "m", R"(,"priority":4)");
  EXPECT_THAT(granted_titles(), ElementsAre("newer", "old", "new"));
}

TEST_F(JobQueueAgeing, EqualPrioritiesStayFirstComeFirst) {
  submit("1");
  submit("2");
  pass(1s);
  submit("3");
  EXPECT_THAT(granted_titles(), ElementsAre("1", "2", "3"));
}

TEST_F(JobQueueAgeing, JobWithADateWaitsSinceThatDate) {
  submit("scheduled", "m",
         R"(,"not_before":"2026-02-02T04:40:00Z")");  // two hours after the tests' first moment
  pass(120min);
  submit("1", "m", R"(,"priority":1)");
  pass(5min);
  submit("6", "m", R"(,"priority":7)");
  EXPECT_THAT(granted_titles(), ElementsAre("6", "1", "scheduled"));
}

TEST_F(JobQueueAgeing, AgeIsKeptOverARestart) {
  submit("old");
  pass(3min);
  submit("new", "ffmpeg", R"(,"priority":2)");
  log_ += queue_->take_changes().records;
  queue_ = fresh();
  for (const Record& record : records_of(log_)) ASSERT_TRUE(queue_->replay(record));
  queue_->open(now_);
  EXPECT_THAT(granted_titles(), ElementsAre("old", "new"));
}

TEST_F(JobQueueAgeing, ChangedPriorityKeepsTheAge) {
  const JobId old = submit("old");
  grant();
  lose_lease();
  pass(10min);
  submit("3", "ffmpeg", R"(,"priority":8)");
  submit("12", "ffmpeg", R"(,"priority":13)");
  ASSERT_TRUE(queue_->set_priority(old, 1, now_));
  pass_backoff();
  EXPECT_THAT(granted_titles(), ElementsAre("12", "old", "3"));
}

TEST_F(QueueTest, WithoutAgeingPriorityIsStrict) {
  submit("old");
  pass(1000h);
  submit("new", "ffmpeg", R"(,"priority":1)");
  EXPECT_THAT(granted_titles(), ElementsAre("new", "old"));
}

}  // namespace
}  // namespace sisyphus::queue
