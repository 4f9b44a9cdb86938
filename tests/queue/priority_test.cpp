#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

namespace sisyphus::queue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class JobQueuePriority : public QueueTest {
 protected:
  void set_priority(const JobId& id, int priority) { ASSERT_TRUE(queue_->set_priority(id, priority, now_)); }
  Errc refusal(const JobId& id) { return queue_->set_priority(id, 1, now_).error().code; }
};

TEST_F(JobQueuePriority, WaitingJobTakesItsPlaceAmongThoseOfTheNewPriority) {
  const JobId a = submit("a");
  submit("b", "ffmpeg", R"(,"priority":5)");
  submit("c");
  const JobId d = submit("d", "other");
  submit("e", "ffmpeg", R"(,"priority":5)");
  set_priority(d, 5);
  set_priority(a, -1);
  EXPECT_THAT(granted_titles(), ElementsAre("b", "d", "e", "c", "a"));
}

TEST_F(JobQueuePriority, IsShownAndHandedOut) {
  const JobId said = submit("a", "ffmpeg", R"(,"priority":5)");
  const JobId silent = submit("b");
  set_priority(said, -7);
  set_priority(silent, -8);
  EXPECT_EQ(view(said).priority, -7);
  EXPECT_THAT(std::string(grant().document.view()), HasSubstr(R"("priority":-7)"));
  EXPECT_THAT(std::string(grant().document.view()), HasSubstr(R"("priority":-8)"));
}

TEST_F(JobQueuePriority, SurvivesARestart) {
  const JobId late = submit("a");
  submit("b");
  set_priority(late, -3);
  restart();
  EXPECT_EQ(view(late).priority, -3);
  EXPECT_THAT(granted_titles(), ElementsAre("b", "a"));
}

TEST_F(JobQueuePriority, DocumentThatGrewIsCountedOut) {
  const std::uint64_t before = queue_->live_bytes();
  const JobId id = submit("a");
  set_priority(id, -100);
  ASSERT_TRUE(queue_->remove(id, now_));
  EXPECT_EQ(queue_->live_bytes(), before);
}

TEST_F(JobQueuePriority, HeldJobStaysHeld) {
  const JobId id = submit("a");
  ASSERT_TRUE(queue_->pause(id, now_));
  set_priority(id, 9);
  EXPECT_EQ(state(id), JobState::paused);
  EXPECT_FALSE(queue_->has_ready());
}

TEST_F(JobQueuePriority, TheSameAgainIsNoRecord) {
  const JobId id = submit("a");
  new_records();
  set_priority(id, 4);
  set_priority(id, 4);
  EXPECT_EQ(new_records(), 1U);
}

TEST_F(JobQueuePriority, OnlyOfAWaitingJob) {
  const JobId id = submit("a");
  const Grant running = grant();
  EXPECT_EQ(refusal(id), Errc::conflict);
  ASSERT_TRUE(complete(done(running)));
  EXPECT_EQ(refusal(id), Errc::conflict);
  EXPECT_EQ(refusal(make_uuid()), Errc::not_found);
}

}  // namespace
}  // namespace sisyphus::queue
