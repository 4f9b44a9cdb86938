#include "tests/queue/queue_fixture.hpp"

namespace sisyphus::queue {
namespace {

class JobQueueCompletion : public QueueTest {};

TEST_F(JobQueueCompletion, StaleTokenChangesNothing) {
  const JobId id = submit();
  const Grant given = grant("w1");
  queue_->take_changes();
  const LeaseToken wrong{given.token.epoch, given.token.counter + 1};
  EXPECT_EQ(completion_error({id, wrong, "", false, false, "", ""}), Errc::stale_lease);
  EXPECT_EQ(queue_->hand_back({id, wrong, ""}, now_).error().code, Errc::stale_lease);
  EXPECT_EQ(queue_->mark_irreversible(id, wrong).error().code, Errc::stale_lease);
  EXPECT_EQ(renew("w1", id, wrong), Verdict::stop);
  EXPECT_FALSE(queue_->has_changes());
  EXPECT_EQ(state(id), JobState::running);
}

TEST_F(JobQueueCompletion, StaleCompletionPointsAtTheLease) {
  const JobId id = submit();
  grant("w1");
  const auto result = complete({id, LeaseToken{1, 9}, "", false, false, "", ""});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "the lease 1-9 of job " + to_string(id) + " is not the current one");
  EXPECT_EQ(result.error().pointer, "/lease");
}

TEST_F(JobQueueCompletion, SameCompletionTwiceIsOneRecordAndTheSameAnswer) {
  submit();
  const Grant given = grant();
  queue_->take_changes();
  ASSERT_TRUE(complete(done(given)));
  EXPECT_EQ(new_records(), 1U);
  ASSERT_TRUE(complete(done(given)));
  EXPECT_EQ(new_records(), 0U);
}

TEST_F(JobQueueCompletion, SameRetryableFailureTwiceIsOneRecordAndTheSameAnswer) {
  const JobId id = submit();
  const Grant given = grant();
  new_records();
  ASSERT_TRUE(complete(done(given, true, true)));
  EXPECT_EQ(new_records(), 1U);
  ASSERT_TRUE(complete(done(given, true, true)));
  EXPECT_EQ(new_records(), 0U);
  restart();
  ASSERT_TRUE(complete(done(given, true, true)));
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);  // it said that it was over
  pass_backoff();
  EXPECT_EQ(grant().attempt, 2);
  EXPECT_EQ(completion_error(done(given, true, true)), Errc::stale_lease);
}

TEST_F(JobQueueCompletion, FirstTerminalStateStays) {
  const JobId id = submit();
  const Grant given = grant();
  ASSERT_TRUE(complete(done(given, true)));
  EXPECT_TRUE(complete(done(given, false)));
  EXPECT_EQ(state(id), JobState::failed);
  EXPECT_EQ(queue_->cancel(id, now_).error().code, Errc::conflict);
  pass_backoff();
  EXPECT_EQ(state(id), JobState::failed);
}

TEST_F(JobQueueCompletion, CompletionKeepsInfoWorkerAndTimes) {
  const JobId id = submit();
  const Grant given = grant("w1");
  const WallTime started = now_.wall;
  pass(5s);
  ASSERT_TRUE(complete({id, given.token, "", true, false, R"({"code":3})", "exit code 3"}));
  const JobView view = this->view(id);
  EXPECT_EQ(view.state, JobState::failed);
  EXPECT_EQ(view.message, "exit code 3");
  EXPECT_EQ(said(id), (HistoryText{"exit code 3", R"({"code":3})"}));
  EXPECT_EQ(view.worker_id, "w1");
  EXPECT_EQ(view.started_at, started);
  EXPECT_EQ(view.finished_at, now_.wall);
}

TEST_F(JobQueueCompletion, FailureIsFinalUnlessTheWorkerSaysRetryable) {
  const JobId final = submit();
  ASSERT_TRUE(complete(done(grant(), true, false)));
  EXPECT_EQ(state(final), JobState::failed);
  const JobId again = submit("t", "ffmpeg", R"(,"max_attempts":2)");
  ASSERT_TRUE(complete(done(grant(), true, true)));
  EXPECT_EQ(state(again), JobState::queued);
  EXPECT_EQ(view(again).message, "it broke");
  EXPECT_FALSE(queue_->has_ready());
  pass_backoff();
  ASSERT_TRUE(complete(done(grant(), true, true)));
  EXPECT_EQ(state(again), JobState::failed);
}

TEST_F(JobQueueCompletion, CompletionOfALostLeaseIsStaleUntilAdopted) {
  const JobId id = submit();
  const Grant given = grant();
  lose_lease();
  EXPECT_EQ(completion_error(done(given)), Errc::stale_lease);
  EXPECT_EQ(state(id), JobState::queued);
}

TEST_F(JobQueueCompletion, CompletionAfterTheLastAttemptWasLostIsStale) {
  submit("t", "ffmpeg", R"(,"max_attempts":1)");
  const Grant given = grant();
  lose_lease();
  EXPECT_EQ(completion_error(done(given)), Errc::stale_lease);
}

}  // namespace
}  // namespace sisyphus::queue
