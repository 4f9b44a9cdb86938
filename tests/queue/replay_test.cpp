#include "tests/queue/random_history.hpp"

namespace sisyphus::queue {
namespace {

TEST(JobQueueReplay, RecordsGiveTheSameQueueAgain) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomHistory history(seed);
    for (int i = 1; i <= 1000; ++i) {
      history.step();
      if (i % 50 != 0) continue;
      SCOPED_TRACE(fmt::format("after step {}", i));
      ASSERT_EQ(RandomHistory::shown(*history.replayed()), RandomHistory::shown(history.queue()));
      history.check_bounds();
      if (i % 200 == 0) history.restart();
    }
  }
}

TEST(JobQueueReplay, GoesOnLikeTheQueueThatWroteTheRecords) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    RandomHistory history(seed);
    for (int i = 0; i < 500; ++i) history.step();
    const auto fresh = history.replayed();
    EXPECT_EQ(fresh->epoch(), history.queue().epoch() + 1);
    EXPECT_EQ(fresh->size(), history.queue().size());
    EXPECT_EQ(fresh->disabled(), history.queue().disabled());
  }
}

TEST(JobQueueReplay, RecordOfAJobThatIsNotThereIsPassedOver) {
  JobQueue queue({}, 1);
  EXPECT_TRUE(queue.replay(Removed{17}));
  EXPECT_TRUE(queue.replay(Finished{.order = 17}));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(JobQueueReplay, SubmissionThatIsThereTwiceIsAnError) {
  JobQueue queue({}, 1);
  EXPECT_TRUE(queue.replay(Submitted{1, make_uuid(), {}, "{}"}));
  EXPECT_FALSE(queue.replay(Submitted{1, make_uuid(), {}, "{}"}));
}

}  // namespace
}  // namespace sisyphus::queue
