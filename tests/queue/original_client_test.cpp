#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

namespace sisyphus::queue {
namespace {

using testing::HasSubstr;

class JobQueueOriginalClient : public QueueTest {};

TEST_F(JobQueueOriginalClient, FirstHeartbeatThatNamesTheJobBindsAndRenewsIt) {
  const JobId id = submit();
  grant("");
  pass(59s);
  EXPECT_EQ(renew("w1", id, std::nullopt), Verdict::renewed);
  EXPECT_EQ(view(id).worker_id, "w1");
  pass(59s);
  EXPECT_EQ(state(id), JobState::running);
}

TEST_F(JobQueueOriginalClient, OtherClaimantsChangeNothing) {
  const JobId id = submit();
  grant("");
  EXPECT_EQ(renew("w1", id, std::nullopt), Verdict::renewed);
  pass(30s);
  EXPECT_EQ(renew("w2", id, std::nullopt), Verdict::stop);
  EXPECT_EQ(view(id).worker_id, "w1");
  EXPECT_EQ(queue_->next_deadline(), now_.steady + 30s);
}

TEST_F(JobQueueOriginalClient, UnboundPastTheLeaseIsQueuedAgain) {
  const JobId id = submit();
  grant("");
  lose_lease();
  EXPECT_EQ(state(id), JobState::queued);
  EXPECT_EQ(view(id).message, "lease lost: its worker was not heard for 60 s");
  EXPECT_EQ(renew("w1", id, std::nullopt), Verdict::stop);
}

TEST_F(JobQueueOriginalClient, CompletionByItsWorkerCountsAndAnothersIs404) {
  const JobId id = submit();
  grant("");
  renew("w1", id, std::nullopt);
  EXPECT_EQ(completion_error(told(id, "w2")), Errc::not_found);
  EXPECT_EQ(state(id), JobState::running);
  EXPECT_TRUE(complete(told(id, "w1")));
  EXPECT_EQ(state(id), JobState::completed);
}

TEST_F(JobQueueOriginalClient, CompletionThatNamesNoWorkerOrComesUnboundCounts) {
  const JobId first = submit();
  const JobId second = submit();
  grant("");
  grant("");
  renew("w1", first, std::nullopt);
  EXPECT_TRUE(complete(told(first, "")));
  EXPECT_TRUE(complete(told(second, "w9", true)));
  EXPECT_EQ(state(first), JobState::completed);
  EXPECT_EQ(state(second), JobState::failed);
}

TEST_F(JobQueueOriginalClient, CompletionTwiceOrOfAJobThatIsNotItsIs404) {
  const JobId id = submit();
  EXPECT_EQ(completion_error(told(id, "w1")), Errc::not_found);
  grant("");
  EXPECT_TRUE(complete(told(id, "w1")));
  EXPECT_EQ(completion_error(told(id, "w1")), Errc::not_found);
  EXPECT_EQ(completion_error(told(make_uuid(), "w1")), Errc::not_found);
}

TEST_F(JobQueueOriginalClient, CompletionWithoutTokenOfALeasedJobIsStale) {
  const JobId id = submit();
  grant("w1");
  const auto result = complete(told(id, "w1"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::stale_lease);
  EXPECT_THAT(result.error().detail, HasSubstr("send its token"));
  EXPECT_EQ(state(id), JobState::running);
}

TEST_F(JobQueueOriginalClient, ItsFailureIsFinalAtOnce) {
  const JobId id = submit();
  grant("");
  Completion failure = told(id, "w1", true);
  failure.retryable = true;
  EXPECT_TRUE(complete(failure));
  EXPECT_EQ(state(id), JobState::failed);
}

TEST_F(JobQueueOriginalClient, CancelIsImmediateUnconfirmedAndFinal) {
  const JobId id = submit();
  grant("");
  renew("w1", id, std::nullopt);
  EXPECT_EQ(queue_->cancel(id, now_).value(), JobState::cancelled);
  EXPECT_TRUE(view(id).unconfirmed);
  EXPECT_EQ(renew("w1", id, std::nullopt), Verdict::stop);
  EXPECT_EQ(completion_error(told(id, "w1")), Errc::not_found);
  EXPECT_EQ(state(id), JobState::cancelled);
}

TEST_F(JobQueueOriginalClient, ItsJobCannotBePaused) {
  const JobId id = submit();
  grant("");
  EXPECT_EQ(queue_->pause(id, now_).error().code, Errc::conflict);
}

TEST_F(JobQueueOriginalClient, BindingIsKeptOverARestart) {
  const JobId id = submit();
  grant("");
  renew("w1", id, std::nullopt);
  restart();
  EXPECT_EQ(view(id).worker_id, "w1");
  EXPECT_EQ(renew("w2", id, std::nullopt), Verdict::stop);
  EXPECT_EQ(renew("w1", id, std::nullopt), Verdict::renewed);
  EXPECT_EQ(completion_error(told(id, "w2")), Errc::not_found);
  EXPECT_TRUE(complete(told(id, "w1")));
}

}  // namespace
}  // namespace sisyphus::queue
