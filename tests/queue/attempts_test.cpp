#include "queue/attempts.hpp"

#include "tests/queue/queue_fixture.hpp"

namespace sisyphus::queue {
namespace {

class JobQueueAttempts : public QueueTest {
 protected:
  static std::string told(const Attempt& attempt) {
    return fmt::format("{} {} {} {}", attempt.number, to_string(attempt.end), attempt.worker_id,
                       attempt.reason);
  }
  std::vector<std::string> told(const JobId& id) const {
    std::vector<std::string> all;
    for (const Attempt& attempt : view(id).attempts) all.push_back(told(attempt));
    return all;
  }
  using Told = std::vector<std::string>;
};

TEST_F(JobQueueAttempts, FailedJobSaysWhichAttemptFailedHow) {
  const JobId id = submit();
  EXPECT_EQ(told(id), Told());
  grant("w1");
  EXPECT_EQ(told(id), Told{"1 running w1 "});
  lose_lease();
  pass_backoff();
  ASSERT_TRUE(complete(done(grant("w2"), true, true)));
  pass_backoff();
  const Grant last = grant("w3");
  const WallTime began = now_.wall;
  pass(1s);
  ASSERT_TRUE(complete(done(last, true)));
  const Told expected{"1 lost w1 lease lost: worker w1 was not heard for 60 s", "2 failed w2 it broke",
                      "3 failed w3 it broke"};
  EXPECT_EQ(told(id), expected);
  EXPECT_EQ(view(id).attempts.back().started_at, began);
  EXPECT_EQ(view(id).attempts.back().ended_at, began + 1s);
  restart();
  EXPECT_EQ(told(id), expected);
}

TEST_F(JobQueueAttempts, LastLeaseThatIsLostIsALostAttempt) {
  const JobId id = submit("t", "ffmpeg", R"(,"max_attempts":1)");
  grant("w1");
  lose_lease();
  EXPECT_EQ(told(id), Told{"1 lost w1 " + view(id).message});
}

TEST_F(JobQueueAttempts, AttemptThatWasAdoptedAgainIsOneAndBeganWhenItBegan) {
  const JobId id = submit();
  const WallTime began = now_.wall;
  const Grant given = grant("w1");
  lose_lease();
  ASSERT_EQ(renew("w1", id, given.token), Verdict::adopted);
  EXPECT_EQ(told(id), Told{"1 running w1 "});
  EXPECT_EQ(view(id).started_at, began);
}

TEST_F(JobQueueAttempts, HandedBackIsListedAndUndeliveredIsNot) {
  const JobId id = submit();
  queue_->undelivered(grant("w1"), now_);
  EXPECT_EQ(told(id), Told());
  ASSERT_TRUE(queue_->hand_back({id, grant("w1").token, "it stops"}, now_));
  ASSERT_TRUE(complete(done(grant("w2"))));
  EXPECT_EQ(told(id), (Told{"1 handed_back w1 it stops", "1 completed w2 "}));
}

TEST_F(JobQueueAttempts, WhatFailedBeforeARetryIsStillTold) {
  const JobId id = submit();
  ASSERT_TRUE(complete(done(grant("w1"), true)));
  ASSERT_TRUE(queue_->retry(id, now_));
  EXPECT_EQ(told(id), Told{"1 failed w1 it broke"});
  ASSERT_TRUE(queue_->cancel(id, now_));  // it did not run: no attempt of its own
  ASSERT_TRUE(queue_->retry(id, now_));
  EXPECT_EQ(told(id), Told{"1 failed w1 it broke"});
}

TEST_F(JobQueueAttempts, OnlyTheLastFewAreKept) {
  const JobId id = submit("t", "ffmpeg", R"(,"max_attempts":1000)");
  for (int i = 0; i < 30; ++i) {
    grant();
    lose_lease();
    pass_backoff();
  }
  EXPECT_EQ(view(id).attempts.size(), kAttemptsKept);
  EXPECT_EQ(view(id).attempts.back().number, 30);
}

}  // namespace
}  // namespace sisyphus::queue
