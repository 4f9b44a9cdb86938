#include "tests/queue/queue_fixture.hpp"

namespace sisyphus::queue {
namespace {

class JobQueueIrreversible : public QueueTest {
 protected:
  Grant irreversible_grant() {
    submit("t", "ffmpeg", R"(,"max_attempts":1)");
    const Grant given = grant("w1");
    EXPECT_TRUE(queue_->mark_irreversible(given.id, given.token));
    return given;
  }
  void expect_waits_for_a_person(const JobId& id) {
    pass_backoff();
    EXPECT_EQ(state(id), JobState::paused);
    EXPECT_FALSE(offered_to("w2"));
    EXPECT_EQ(queue_->resume(id, now_).error().code, Errc::conflict);
    restart();
    EXPECT_EQ(state(id), JobState::paused);
    EXPECT_FALSE(offered_to("w2"));
    ASSERT_TRUE(queue_->retry(id, now_));
    EXPECT_TRUE(offered_to("w2"));
  }
};

TEST_F(JobQueueIrreversible, LostAfterTheFirstMoveIsPausedWithTheReason) {
  const Grant given = irreversible_grant();
  lose_lease();
  EXPECT_EQ(
      view(given.id).message,
      "lease lost: worker w1 was not heard for 60 s; it has changed files already: it waits for that worker, "
      "or for a retry");
  expect_waits_for_a_person(given.id);
}

TEST_F(JobQueueIrreversible, RetryableFailureAfterTheFirstMoveIsPaused) {
  const Grant given = irreversible_grant();
  ASSERT_TRUE(complete(done(given, true, true)));
  expect_waits_for_a_person(given.id);
}

TEST_F(JobQueueIrreversible, HandedBackAfterTheFirstMoveIsPaused) {
  const Grant given = irreversible_grant();
  ASSERT_TRUE(queue_->hand_back({given.id, given.token, "bye"}, now_));
  EXPECT_EQ(view(given.id).message, "bye; it has changed files already: look, then retry or cancel it");
  expect_waits_for_a_person(given.id);
}

TEST_F(JobQueueIrreversible, WorkerComesBackToItsIrreversibleJobAndItRunsOn) {
  const Grant given = irreversible_grant();
  lose_lease();
  restart();
  const LeaseVerdict verdict = queue_->renew("w1", {given.id, given.token}, now_);
  EXPECT_EQ(verdict.verdict, Verdict::adopted);
  EXPECT_EQ(state(given.id), JobState::running);
  EXPECT_EQ(view(given.id).attempt, 1);
  ASSERT_TRUE(complete({given.id, verdict.token, "", false, false, "", ""}));
  EXPECT_EQ(state(given.id), JobState::completed);
}

TEST_F(JobQueueIrreversible, IrreversibleTwiceIsOneRecordAndRefusedWhileCancelling) {
  submit();
  const Grant given = grant();
  queue_->take_changes();
  ASSERT_TRUE(queue_->mark_irreversible(given.id, given.token));
  ASSERT_TRUE(queue_->mark_irreversible(given.id, given.token));
  EXPECT_EQ(new_records(), 1U);
  submit();
  const Grant second = grant();
  ASSERT_TRUE(queue_->cancel(second.id, now_));
  EXPECT_EQ(queue_->mark_irreversible(second.id, second.token).error().code, Errc::conflict);
}

}  // namespace
}  // namespace sisyphus::queue
