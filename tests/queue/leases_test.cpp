#include "tests/queue/queue_fixture.hpp"

#include <set>

namespace sisyphus::queue {
namespace {

class JobQueueLeases : public QueueTest {};

TEST_F(JobQueueLeases, ExpiredLeaseReturnsToReadyAfterTheBackoff) {
  const JobId id = submit();
  grant("w1");
  pass(59'999ms);
  EXPECT_EQ(state(id), JobState::running);
  pass(1ms);
  EXPECT_EQ(state(id), JobState::queued);
  EXPECT_EQ(view(id).message, "lease lost: worker w1 was not heard for 60 s");
  EXPECT_EQ(view(id).worker_id, "");
  EXPECT_FALSE(queue_->has_ready());
  pass_backoff();
  EXPECT_EQ(grant("w2").attempt, 2);
}

TEST_F(JobQueueLeases, RenewalPutsTheEndOff) {
  const JobId id = submit();
  const Grant given = grant();
  queue_->take_changes();
  for (int i = 0; i < 10; ++i) {
    pass(59s);
    EXPECT_EQ(renew("w1", id, given.token), Verdict::renewed);
  }
  EXPECT_EQ(state(id), JobState::running);
  EXPECT_FALSE(queue_->has_changes());  // renewals are not journaled
  EXPECT_EQ(queue_->next_deadline(), now_.steady + 60s);
}

TEST_F(JobQueueLeases, WallClockJumpsNeitherExpireNorExtendLeases) {
  const JobId id = submit();
  grant();
  now_.wall += std::chrono::hours(24 * 365);
  queue_->tick(now_);
  EXPECT_EQ(state(id), JobState::running);
  now_.wall -= std::chrono::hours(24 * 730);
  now_.steady += 60s;
  queue_->tick(now_);
  EXPECT_EQ(state(id), JobState::queued);
}

TEST_F(JobQueueLeases, AttemptsAreCountedAtGrantAndEndAtTheMost) {
  const JobId id = submit("t", "ffmpeg", R"(,"max_attempts":2)");
  EXPECT_EQ(grant().attempt, 1);
  EXPECT_EQ(view(id).attempt, 1);
  lose_lease();
  restart();
  pass_backoff();
  EXPECT_EQ(grant().attempt, 2);
  lose_lease();
  EXPECT_EQ(state(id), JobState::failed);
  EXPECT_EQ(view(id).message, "lease lost: worker w1 was not heard for 60 s (attempt 2 of 2)");
  EXPECT_EQ(view(id).attempt, 2);
  pass_backoff();
  EXPECT_FALSE(queue_->has_ready());
}

TEST_F(JobQueueLeases, BackoffDoublesIsJitteredByAQuarterAndCapped) {
  submit("t", "ffmpeg", R"(,"max_attempts":1000)");
  auto expected = policy().backoff_base;
  for (int attempt = 1; attempt <= 30; ++attempt) {
    grant();
    lose_lease();
    ASSERT_TRUE(queue_->next_deadline());
    const auto delay = *queue_->next_deadline() - now_.steady;
    EXPECT_GE(delay, expected * 3 / 4) << attempt;
    EXPECT_LE(delay, expected * 5 / 4) << attempt;
    expected = std::min(expected * 2, policy().backoff_cap);
    pass_backoff();
  }
}

TEST_F(JobQueueLeases, BackoffsOfJobsThatWereLostTogetherDiffer) {
  for (int i = 0; i < 20; ++i) submit();
  granted_titles();
  lose_lease();
  std::set<std::string> times;
  const JobPage page = queue_->page({}, 100, "").value();
  for (const JobView& job : page.jobs) times.insert(job.waiting_for);
  EXPECT_GT(times.size(), 10U);
}

TEST_F(JobQueueLeases, BackoffIsKeptOverARestart) {
  const JobId id = submit();
  grant();
  lose_lease();
  const auto due = queue_->next_deadline();
  const std::string why = view(id).waiting_for;
  restart();
  EXPECT_EQ(queue_->next_deadline(), due);
  EXPECT_EQ(view(id).waiting_for, why);
  EXPECT_FALSE(offered_to("w2"));
}

TEST_F(JobQueueLeases, BackoffDoesNotFollowTheWallClockWhenThatIsSet) {
  for (const auto span : {-std::chrono::hours(24 * 365), std::chrono::hours(24 * 365)}) {
    submit();
    grant();
    lose_lease();
    const auto due = queue_->next_deadline();
    now_.wall += span;
    queue_->tick(now_);
    EXPECT_FALSE(queue_->has_ready());
    EXPECT_EQ(queue_->next_deadline(), due);
    pass(std::chrono::duration_cast<Millis>(*due - now_.steady));
    EXPECT_TRUE(queue_->has_ready());
    grant();
  }
}

TEST_F(JobQueueLeases, BackoffOverARestartWithAClockThatWasSetBackIsNotLongerThanTheLongest) {
  submit();
  grant();
  lose_lease();
  now_.wall -= std::chrono::hours(24 * 365);
  restart();
  pass(policy().backoff_cap * 5 / 4 - 1ms);
  EXPECT_FALSE(queue_->has_ready());
  pass(1ms);
  EXPECT_TRUE(queue_->has_ready());
}

TEST_F(JobQueueLeases, DateThatWasAskedForFollowsTheWallClock) {
  submit("t", "ffmpeg", fmt::format(R"(,"not_before":"{}")", rfc3339(now_.wall + std::chrono::hours(2))));
  now_.wall += std::chrono::hours(1);
  queue_->tick(now_);
  EXPECT_FALSE(queue_->has_ready());
  EXPECT_EQ(queue_->next_deadline(), now_.steady + std::chrono::hours(1));
  restart();
  EXPECT_EQ(queue_->next_deadline(), now_.steady + std::chrono::hours(1));
  now_.wall += std::chrono::hours(1);
  queue_->tick(now_);
  EXPECT_TRUE(queue_->has_ready());
}

TEST_F(JobQueueLeases, RestartGivesRunningJobsAFreshLease) {
  const JobId id = submit();
  const Grant given = grant();
  pass(59s);
  restart();
  pass(59s);
  EXPECT_EQ(state(id), JobState::running);
  EXPECT_EQ(renew("w1", id, given.token), Verdict::renewed);
  ASSERT_TRUE(complete(done(given)));
  EXPECT_EQ(state(id), JobState::completed);
}

TEST_F(JobQueueLeases, LostJobIsAdoptedAgainUnderANewTokenAndTheSameAttempt) {
  const JobId id = submit();
  const Grant given = grant();
  lose_lease();
  const LeaseVerdict verdict = queue_->renew("w1", {id, given.token}, now_);
  EXPECT_EQ(verdict.verdict, Verdict::adopted);
  EXPECT_LT(given.token, verdict.token);
  EXPECT_EQ(verdict.expires_in, policy().lease);
  EXPECT_EQ(state(id), JobState::running);
  EXPECT_EQ(view(id).attempt, 1);
  EXPECT_EQ(view(id).message, "");
  EXPECT_EQ(completion_error(done(given)), Errc::stale_lease);
  ASSERT_TRUE(complete({id, verdict.token, "", false, false, "", ""}));
  EXPECT_EQ(state(id), JobState::completed);
}

TEST_F(JobQueueLeases, AdoptionWorksAfterTheBackoffAndAfterARestart) {
  const JobId id = submit();
  const Grant given = grant();
  lose_lease();
  pass_backoff();
  restart();
  EXPECT_EQ(renew("w1", id, given.token), Verdict::adopted);
  EXPECT_FALSE(queue_->has_ready());
}

TEST_F(JobQueueLeases, WorkerThatComesBackTooLateIsToldToStop) {
  const JobId id = submit();
  const Grant given = grant("w1");
  lose_lease();
  pass_backoff();
  const Grant second = grant("w2");
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);
  EXPECT_EQ(renew("w2", id, second.token), Verdict::renewed);
  ASSERT_TRUE(complete(done(second)));
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);
  EXPECT_EQ(renew("w2", id, second.token), Verdict::stop);
  EXPECT_EQ(renew("w2", make_uuid(), second.token), Verdict::stop);
}

TEST_F(JobQueueLeases, HandedBackJobCostsNoAttemptAndIsNotOfferedToItsWorkerBeforeABackoff) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->hand_back({id, given.token, "shutting down"}, now_));
  EXPECT_EQ(state(id), JobState::queued);
  EXPECT_EQ(view(id).attempt, 0);
  EXPECT_EQ(view(id).message, "shutting down");
  EXPECT_FALSE(offered_to("w1"));
  pass(policy().backoff_base - 1ms);
  EXPECT_FALSE(offered_to("w1"));
  pass(1ms);
  EXPECT_EQ(grant("w1").attempt, 1);
}

TEST_F(JobQueueLeases, WorkerThatHandedAJobBackIsPassedOverAfterARestartToo) {
  const JobId id = submit();
  ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, ""}, now_));
  pass(policy().backoff_base - 1s);
  restart();
  EXPECT_FALSE(offered_to("w1"));
  pass(1s - 1ms);
  EXPECT_FALSE(offered_to("w1"));
  EXPECT_TRUE(offered_to("w2"));
}

TEST_F(JobQueueLeases, HowLongAWorkerIsPassedOverHangsOnNoSettingOfALaterStart) {
  Policy patient = policy();
  patient.backoff_base = 5min;
  queue_ = std::make_unique<JobQueue>(patient, 1);
  queue_->open(now_);
  const JobId id = submit();
  ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, ""}, now_));
  restart();
  pass(5min - 1ms);
  EXPECT_FALSE(offered_to("w1"));
  pass(1ms);
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueueLeases, ClockThatWasSetBackMeanwhileDoesNotKeepAJobFromItsWorkerForLong) {
  submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->hand_back({given.id, given.token, "no"}, now_));
  now_.wall -= 24h;
  restart();
  EXPECT_FALSE(offered_to("w1"));
  pass(policy().backoff_base);
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueueLeases, WorkerThatHandsAJobBackAgainAndAgainIsOfferedItMoreAndMoreRarely) {
  const JobId id = submit();
  Millis delay = policy().backoff_base;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, "no room"}, now_));
    pass(delay - 1ms);
    EXPECT_FALSE(offered_to("w1")) << i;
    pass(1ms);
    delay = std::min(2 * delay, policy().backoff_cap);
  }
  EXPECT_EQ(view(id).attempt, 0);
  EXPECT_EQ(grant("w1").attempt, 1);
}

TEST_F(JobQueueLeases, WorkersThatAllHandAJobBackDoNotPlayItToAndFro) {
  const JobId id = submit();
  ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, "no room"}, now_));
  pass(1s);
  ASSERT_TRUE(queue_->hand_back({id, grant("w2").token, "no room"}, now_));
  EXPECT_FALSE(offered_to("w1"));
  EXPECT_FALSE(offered_to("w2"));
  pass(policy().backoff_base - 1s);
  EXPECT_FALSE(offered_to("w2"));
  EXPECT_EQ(grant("w1").attempt, 1);
}

TEST_F(JobQueueLeases, RetryOffersAHandedBackJobToItsWorkerAtOnce) {
  const JobId id = submit();
  ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, "no room"}, now_));
  ASSERT_TRUE(queue_->retry(id, now_));
  EXPECT_EQ(grant("w1").attempt, 1);
}

TEST_F(JobQueueLeases, HandedBackJobIsOfferedToOthersAtOnce) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->hand_back({id, given.token, "no"}, now_));
  EXPECT_EQ(grant("w2").attempt, 1);
}

TEST_F(JobQueueLeases, HandedBackJobThatWasPausedAndResumedIsOfferedAgainAfterTheBackoff) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->hand_back({id, given.token, "no"}, now_));
  ASSERT_TRUE(queue_->pause(id, now_));
  ASSERT_TRUE(queue_->resume(id, now_));
  EXPECT_FALSE(offered_to("w1"));
  pass_backoff();
  EXPECT_TRUE(offered_to("w1"));
}

TEST_F(JobQueueLeases, WorkerMayNotComeBackWithWhatItHandedBack) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->hand_back({id, given.token, "no"}, now_));
  queue_->take_changes();
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);
  EXPECT_EQ(completion_error(done(given)), Errc::stale_lease);
  EXPECT_EQ(queue_->hand_back({id, given.token, "no"}, now_).error().code, Errc::stale_lease);
  EXPECT_FALSE(queue_->has_changes());
}

TEST_F(JobQueueLeases, UndeliveredGrantCostsNoAttemptAndIsReadyAtOnce) {
  const JobId id = submit();
  const Grant given = grant("w1");
  queue_->undelivered(given, now_);
  EXPECT_EQ(view(id).attempt, 0);
  EXPECT_EQ(renew("w1", id, given.token), Verdict::stop);
  EXPECT_EQ(grant("w1").attempt, 1);
}

TEST_F(JobQueueLeases, UndeliveredGrantThatIsNotTheCurrentOneChangesNothing) {
  const JobId id = submit();
  const Grant first = grant("w1");
  queue_->undelivered(first, now_);
  const Grant second = grant("w2");
  queue_->take_changes();
  queue_->undelivered(first, now_);
  EXPECT_FALSE(queue_->has_changes());
  EXPECT_EQ(renew("w2", id, second.token), Verdict::renewed);
}

TEST_F(JobQueueLeases, UndeliveredGrantOfTheOriginalClientLeavesALaterGrantAlone) {
  const JobId id = submit();
  const Grant first = grant("");
  lose_lease();
  pass_backoff();
  const Grant second = grant("w2");
  queue_->undelivered(first, now_);
  EXPECT_EQ(renew("w2", id, second.token), Verdict::renewed);
}

TEST_F(JobQueueLeases, UndeliveredGrantThatIsBeingCancelledIsCancelled) {
  const JobId id = submit();
  const Grant given = grant("w1");
  ASSERT_TRUE(queue_->cancel(id, now_));
  queue_->undelivered(given, now_);
  EXPECT_EQ(state(id), JobState::cancelled);
}

TEST_F(JobQueueLeases, ProgressIsTakenOnlyWithTheCurrentToken) {
  const JobId id = submit();
  const Grant given = grant("w1");
  EXPECT_TRUE(queue_->report_progress({id, given.token, R"("job_percent":7)"}));
  EXPECT_EQ(view(id).progress, R"("job_percent":7)");
  EXPECT_FALSE(queue_->report_progress({id, {1, 99}, "\"job_percent\":8"}));
  EXPECT_FALSE(queue_->report_progress({make_uuid(), given.token, ""}));
  EXPECT_EQ(view(id).progress, R"("job_percent":7)");
  lose_lease();
  EXPECT_FALSE(queue_->report_progress({id, given.token, ""}));
}

}  // namespace
}  // namespace sisyphus::queue
