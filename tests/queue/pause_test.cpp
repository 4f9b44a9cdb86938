#include "tests/queue/queue_fixture.hpp"

namespace sisyphus::queue {
namespace {

class JobQueuePause : public QueueTest {};

TEST_F(JobQueuePause, PausedQueuedJobIsHeldUntilResume) {
  const JobId id = submit();
  EXPECT_EQ(queue_->pause(id, now_).value(), JobState::paused);
  EXPECT_EQ(queue_->pause(id, now_).value(), JobState::paused);
  EXPECT_FALSE(offered_to("w1"));
  restart();
  EXPECT_FALSE(offered_to("w1"));
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::queued);
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueuePause, PausedRunningJobKeepsItsLeaseAndIsHeldWhenItsWorkerDies) {
  const JobId id = submit();
  const Grant given = grant("w1");
  queue_->take_changes();
  EXPECT_EQ(queue_->pause(id, now_).value(), JobState::paused);
  EXPECT_EQ(queue_->take_changes().effects.at(1).kind, Effect::Kind::pause);
  EXPECT_EQ(renew("w1", id, given.token), Verdict::renewed);
  lose_lease();
  pass_backoff();
  EXPECT_EQ(state(id), JobState::paused);
  EXPECT_FALSE(offered_to("w2"));
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::queued);
  pass_backoff();
  EXPECT_TRUE(offered_to("w2"));
}

TEST_F(JobQueuePause, PausedJobIsAdoptedAgainAndStaysPaused) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->pause(id, now_));
  lose_lease();
  EXPECT_EQ(renew("w1", id, given.token), Verdict::adopted);
  EXPECT_EQ(state(id), JobState::paused);
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::running);
}

TEST_F(JobQueuePause, PausedRunningJobIsPausedStillAfterARestartOfTheServer) {
  const JobId id = submit();
  const HeldLease held{id, grant("w1").token};
  ASSERT_TRUE(queue_->pause(id, now_));
  restart();
  EXPECT_EQ(state(id), JobState::paused);
  const LeaseVerdict verdict = queue_->renew("w1", held, now_);
  EXPECT_EQ(verdict.verdict, Verdict::renewed);
  EXPECT_TRUE(verdict.paused);
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::running);
  restart();
  EXPECT_FALSE(queue_->renew("w1", held, now_).paused);
}

TEST_F(JobQueuePause, JobThatIsHeldAfterItsWorkerDiedIsHeldStillAfterARestart) {
  const JobId id = submit();
  grant("w1");
  ASSERT_TRUE(queue_->pause(id, now_));
  lose_lease();
  restart();
  pass_backoff();
  EXPECT_EQ(state(id), JobState::paused);
  EXPECT_FALSE(offered_to("w2"));
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::queued);
  EXPECT_EQ(grant("w2").attempt, 2);
}

TEST_F(JobQueuePause, DisabledQueueGrantsNothingAndDisturbsNothingThatRuns) {
  const JobId running = submit();
  const Grant given = grant("w1");
  const JobId waiting = submit();
  queue_->set_disabled(true);
  EXPECT_FALSE(offered_to("w1"));
  restart();
  EXPECT_FALSE(offered_to("w1"));
  EXPECT_EQ(renew("w1", running, given.token), Verdict::renewed);
  EXPECT_TRUE(complete(done(given)));
  EXPECT_EQ(state(running), JobState::completed);
  EXPECT_EQ(state(waiting), JobState::queued);
  queue_->set_disabled(false);
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueuePause, RenewalSaysWhetherTheJobIsHeld) {
  const JobId id = submit();
  const HeldLease held{id, grant("w1").token};
  EXPECT_FALSE(queue_->renew("w1", held, now_).paused);
  ASSERT_TRUE(queue_->pause(id, now_));
  EXPECT_TRUE(queue_->renew("w1", held, now_).paused);
  ASSERT_TRUE(queue_->resume(id, now_));
  EXPECT_FALSE(queue_->renew("w1", held, now_).paused);
}

TEST_F(JobQueuePause, ResumeTellsTheWorker) {
  const JobId id = submit();
  grant("w1");
  ASSERT_TRUE(queue_->pause(id, now_));
  queue_->take_changes();
  EXPECT_EQ(queue_->resume(id, now_).value(), JobState::running);
  EXPECT_EQ(queue_->take_changes().effects.at(1).kind, Effect::Kind::resume);
  EXPECT_EQ(queue_->resume(id, now_).error().code, Errc::conflict);
}

TEST_F(JobQueuePause, PauseOfAFinishedOrCancellingJobIsAConflict) {
  const JobId running = submit();
  grant("w1");
  ASSERT_TRUE(queue_->cancel(running, now_));
  EXPECT_EQ(queue_->pause(running, now_).error().code, Errc::conflict);
  const JobId over = submit();
  ASSERT_TRUE(queue_->cancel(over, now_));
  EXPECT_EQ(queue_->pause(over, now_).error().code, Errc::conflict);
}

TEST_F(JobQueuePause, RetryStartsAFailedJobAnew) {
  const JobId id = submit("t", "ffmpeg", R"(,"max_attempts":1)");
  const Grant first = grant();
  ASSERT_TRUE(complete(done(first, true)));
  EXPECT_EQ(queue_->retry(id, now_).value(), JobState::queued);
  EXPECT_EQ(view(id).attempt, 0);
  EXPECT_EQ(view(id).message, "");
  EXPECT_FALSE(view(id).finished_at);
  EXPECT_EQ(completion_error(done(first)), Errc::stale_lease);
  EXPECT_EQ(grant().attempt, 1);
}

TEST_F(JobQueuePause, RetryEndsABackoffButIsAConflictForAJobThatWaitsOrRuns) {
  const JobId id = submit();
  EXPECT_EQ(queue_->retry(id, now_).error().code, Errc::conflict);
  grant();
  EXPECT_EQ(queue_->retry(id, now_).error().code, Errc::conflict);
  lose_lease();
  EXPECT_EQ(queue_->retry(id, now_).value(), JobState::queued);
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueuePause, RetryAfterTheBackoffIsAConflictAndForgetsNoAttempts) {
  const JobId id = submit();
  grant();
  lose_lease();
  pass_backoff();
  EXPECT_EQ(queue_->retry(id, now_).error().code, Errc::conflict);
  EXPECT_EQ(view(id).attempt, 1);
}

}  // namespace
}  // namespace sisyphus::queue
