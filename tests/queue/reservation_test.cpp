#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

#include <random>

namespace sisyphus::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string requiring(double gpus, double ram = 0, int priority = 0) {
  std::string resources = gpus > 0 ? fmt::format(R"("gpu":{})", gpus) : "";
  if (ram > 0) resources += fmt::format(R"({}"ram":{})", resources.empty() ? "" : ",", ram);
  return fmt::format(R"(,"priority":{},"requires":{{"resources":{{{}}}}})", priority, resources);
}

// A worker with two graphics cards and 16 of memory, of which a part is taken.
class JobQueueReservation : public QueueTest {
 protected:
  JobQueueReservation() { big_ = submit("big", "m", requiring(2)); }

  static Offer whole() { return offering({"m", "n"}, {}, {{"gpu", 2}, {"ram", 16}}); }
  static Offer free(double gpus, double ram = 16) {
    return offering({"m", "n"}, {}, {{"gpu", gpus}, {"ram", ram}});
  }

  std::vector<std::string> given(const Offer& offer, const Offer& everything = whole(), std::size_t max = 1) {
    std::vector<std::string> titles;
    for (const Grant& grant : queue_->grant("w1", offer, max, now_, &everything))
      titles.push_back(view(grant.id).title);
    return titles;
  }
  void pass_over() {
    submit("first small", "m", requiring(1));
    EXPECT_THAT(given(free(1)), ElementsAre("first small"));
    pass(policy().reserve_after);
  }

  JobId big_;
};

TEST_F(JobQueueReservation, JobPassedOverForLongGetsWhatItNeedsKeptFree) {
  pass_over();
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1)), IsEmpty());
  EXPECT_THAT(given(free(2)), ElementsAre("big"));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, NothingIsKeptFreeBeforeThatTime) {
  submit("1", "m", requiring(1));
  submit("2", "m", requiring(1));
  EXPECT_THAT(given(free(1)), ElementsAre("1"));
  pass(policy().reserve_after - 1ms);
  EXPECT_THAT(given(free(1)), ElementsAre("2"));
}

TEST_F(JobQueueReservation, ChangedPriorityDoesNotBeginTheWaitAnew) {
  pass_over();
  ASSERT_TRUE(queue_->set_priority(big_, 1, now_));
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1)), IsEmpty());
  EXPECT_THAT(given(free(2)), ElementsAre("big"));
}

TEST_F(JobQueueReservation, WaitingAloneIsNotBeingPassedOver) {
  EXPECT_THAT(given(free(1)), IsEmpty());
  pass(policy().reserve_after * 2);
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, JobsThatLeaveEnoughRunMeanwhile) {
  pass_over();
  submit("gpu", "m", requiring(1));
  submit("plain", "m");
  submit("ram", "m", requiring(0, 16));
  EXPECT_THAT(given(free(1), whole(), 10), ElementsAre("plain", "ram"));
}

TEST_F(JobQueueReservation, OfWhatThereIsMoreOfThanItNeedsTheRestIsGranted) {
  ASSERT_TRUE(queue_->cancel(big_, now_));
  submit("both", "m", requiring(2, 10));
  pass_over();
  submit("7", "m", requiring(0, 7));
  submit("6", "m", requiring(0, 6));
  EXPECT_THAT(given(free(1, 16), whole(), 10), ElementsAre("6"));
}

TEST_F(JobQueueReservation, HigherPriorityGoesFirstAllTheSame) {
  pass_over();
  submit("urgent", "m", requiring(1, 0, 1));
  EXPECT_THAT(given(free(1)), ElementsAre("urgent"));
}

TEST_F(JobQueueReservation, AnotherWorkerMayTakeItAndAllIsAsBefore) {
  pass_over();
  submit("small", "m", requiring(1));
  EXPECT_THAT(granted_titles("w2", 1, whole()), ElementsAre("big"));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, JobThatIsCancelledKeepsNothingFree) {
  pass_over();
  submit("small", "m", requiring(1));
  ASSERT_TRUE(queue_->cancel(big_, now_));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, PausedJobKeepsNothingFree) {
  pass_over();
  submit("small", "m", requiring(1));
  ASSERT_TRUE(queue_->pause(big_, now_));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, NextOneOfItsKindIsPassedOverAnew) {
  pass_over();
  submit("next big", "m", requiring(2));
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(2)), ElementsAre("big"));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, WorkerThatCouldNeverRunItKeepsNothingFree) {
  pass_over();
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1), free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, WorkerThatSaysNothingOfItselfKeepsNothingFree) {
  pass_over();
  submit("small", "m", requiring(1));
  EXPECT_THAT(granted_titles("w1", 1, free(1)), ElementsAre("small"));
}

TEST_F(JobQueueReservation, JobThatThisWorkerGaveBackKeepsNothingFreeThere) {
  pass_over();
  ASSERT_TRUE(queue_->hand_back({big_, grant("w1", whole()).token, "no room"}, now_));
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

// Their amounts are known to the worker alone: while they are not free it leaves the module out.
TEST_F(JobQueueReservation, WhatModulesTakeIsKeptFreeToo) {
  ASSERT_TRUE(queue_->cancel(big_, now_));
  Offer everything = offering({"two", "one", "none"}, {}, {{"gpu", 2}});
  everything.module_resources = {{"two", {{"gpu", 2}}}, {"one", {{"gpu", 1}}}};
  const Offer one_is_free = offering({"one", "none"}, {}, {{"gpu", 1}});
  submit("of two", "two");
  submit("of one", "one");
  submit("another of one", "one");
  submit("of none", "none");
  EXPECT_THAT(given(one_is_free, everything), ElementsAre("of one"));
  pass(policy().reserve_after);
  EXPECT_THAT(given(one_is_free, everything), ElementsAre("of none"));
  EXPECT_THAT(given(everything, everything), ElementsAre("of two"));
}

// Workers whose small jobs never end at once, and always more of them waiting.
class BusyFarm {
 public:
  static constexpr double kLargest = 8;

  BusyFarm(JobQueue& queue, Now& now, std::uint32_t seed) : queue_(queue), now_(now), random_(seed) {
    boxes_.resize(1 + below(3));
    for (Box& box : boxes_) {
      box.id = fmt::format("w{}", &box - boxes_.data());
      box.gpus = 1 + below(static_cast<std::uint32_t>(kLargest));
    }
    boxes_.front().gpus = kLargest;
  }

  // Every worker ends what is over and takes what it gets. True when `awaited` was granted.
  bool turn(const JobId& awaited) {
    bool granted = false;
    for (Box& box : boxes_) {
      std::erase_if(box.runs, [&](const Run& run) {
        if (run.end > now_.steady) return false;
        EXPECT_TRUE(queue_.complete({run.grant.id, run.grant.token, "", false, false, "", ""}, now_));
        return true;
      });
      for (Grant& grant : queue_.grant(box.id, offer(free(box)), 1, now_, &whole(box))) {
        granted = granted || grant.id == awaited;
        const double taken = queue_.needs(grant.id)->resources.at("gpu");
        box.runs.push_back({std::move(grant), taken, now_.steady + Millis(1'000 * (1 + below(kLongest)))});
        EXPECT_GE(free(box), 0);
      }
    }
    return granted;
  }

  static constexpr std::uint32_t kLongest = 300;  // seconds that a job runs
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

 private:
  struct Run {
    Grant grant;
    double gpus = 0;
    SteadyTime end;
  };
  struct Box {
    std::string id;
    double gpus = 0;
    std::vector<Run> runs;
    Offer whole;
  };
  static double free(const Box& box) {
    double left = box.gpus;
    for (const Run& run : box.runs) left -= run.gpus;
    return left;
  }
  static Offer offer(double gpus) { return {std::vector<std::string>{"m"}, {}, {{"gpu", gpus}}}; }
  static const Offer& whole(Box& box) {
    box.whole = offer(box.gpus);
    return box.whole;
  }

  JobQueue& queue_;
  Now& now_;
  std::minstd_rand random_;
  std::vector<Box> boxes_;
};

TEST_F(QueueTest, NoJobThatFitsAWorkerIsStarvedByAnEndlessStreamOfSmallOnes) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Policy long_leases;
    long_leases.lease = 1h;
    queue_ = std::make_unique<JobQueue>(long_leases, seed);
    queue_->open(now_);
    BusyFarm farm(*queue_, now_, seed);
    const auto more = [&] {
      while (queue_->waiting(0).entries < 10) submit("small", "m", requiring(1 + farm.below(2)));
    };
    const auto turn = [&](const JobId& awaited) {
      more();
      now_.steady += 1s;
      now_.wall += 1s;
      queue_->tick(now_);
      return farm.turn(awaited);
    };
    for (int i = 0; i < 100; ++i) turn({});  // until all are busy
    const JobId big = submit("big", "m", requiring(BusyFarm::kLargest));
    const SteadyTime begun = now_.steady;
    // Those before it in the queue, the time itself, and the longest of those that run by then.
    const Millis most = policy().reserve_after + 3 * 1s * BusyFarm::kLongest;
    while (!turn(big) && now_.steady < begun + most) {
    }
    ASSERT_EQ(state(big), JobState::running)
        << "seed " << seed << ": not within " << most.count() / 1000 << " s";
  }
}

TEST_F(JobQueueReservation, NewsIsThatNothingIsKeptFreeAnyMore) {
  pass_over();
  submit("small", "m", requiring(1));
  EXPECT_THAT(given(free(1)), IsEmpty());
  queue_->take_news();
  ASSERT_TRUE(queue_->cancel(big_, now_));
  EXPECT_TRUE(queue_->take_news());
  EXPECT_THAT(given(free(1)), ElementsAre("small"));
}

}  // namespace
}  // namespace sisyphus::queue
