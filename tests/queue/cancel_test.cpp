#include "tests/queue/queue_fixture.hpp"

namespace sisyphus::queue {
namespace {

class JobQueueCancel : public QueueTest {};

TEST_F(JobQueueCancel, CancelOfAQueuedJobIsImmediate) {
  const JobId id = submit();
  EXPECT_EQ(queue_->cancel(id, now_).value(), JobState::cancelled);
  EXPECT_FALSE(view(id).unconfirmed);
  EXPECT_FALSE(offered_to("w1"));
}

TEST_F(JobQueueCancel, CancelOfARunningJobTellsItsWorkerAndIsNeverQueuedAgain) {
  const JobId id = submit();
  const Grant given = grant("w1");
  queue_->take_changes();
  EXPECT_EQ(queue_->cancel(id, now_).value(), JobState::cancelling);
  const auto changes = queue_->take_changes();
  ASSERT_EQ(changes.effects.size(), 2U);
  EXPECT_EQ(changes.effects[1].kind, Effect::Kind::cancel);
  EXPECT_EQ(changes.effects[1].worker_id, "w1");
  EXPECT_EQ(changes.effects[1].token, given.token);
  EXPECT_EQ(renew("w1", id, given.token), Verdict::cancel);
  EXPECT_EQ(queue_->cancel(id, now_).value(), JobState::cancelling);
  EXPECT_EQ(new_records(), 0U);
  lose_lease();
  EXPECT_EQ(state(id), JobState::cancelled);
  EXPECT_FALSE(queue_->has_ready());
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);
}

TEST_F(JobQueueCancel, WhateverEndsACancellingJobMakesItCancelled) {
  for (const int way : {0, 1, 2, 3}) {
    const JobId id = submit();
    const Grant given = grant("w1");
    ASSERT_TRUE(queue_->cancel(id, now_));
    switch (way) {
      case 0:
        EXPECT_TRUE(complete(done(given)));
        break;
      case 1:
        EXPECT_TRUE(complete(done(given, true, true)));
        break;
      case 2:
        EXPECT_TRUE(queue_->hand_back({id, given.token, "bye"}, now_));
        break;
      default:
        lose_lease();
    }
    EXPECT_EQ(state(id), JobState::cancelled) << way;
    EXPECT_FALSE(queue_->has_ready()) << way;
  }
}

TEST_F(JobQueueCancel, CancellingSurvivesARestart) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->cancel(id, now_));
  restart();
  EXPECT_EQ(state(id), JobState::cancelling);
  EXPECT_EQ(renew("w1", id, given.token), Verdict::cancel);
}

TEST_F(JobQueueCancel, CompletionThatCameFirstWins) {
  const JobId id = submit();
  ASSERT_TRUE(complete(done(grant())));
  const auto result = queue_->cancel(id, now_);
  EXPECT_EQ(result.error().code, Errc::conflict);
  EXPECT_EQ(result.error().detail, "job " + to_string(id) + " is completed already");
  EXPECT_EQ(state(id), JobState::completed);
}

}  // namespace
}  // namespace sisyphus::queue
