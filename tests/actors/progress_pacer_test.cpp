#include "actors/progress_pacer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sisyphus::actors {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ProgressPacerTest : public testing::Test {
 protected:
  ProgressPacer pacer_;
  const JobId job_ = make_uuid();
  const JobId other_ = make_uuid();
  SteadyTime now_{1000s};
};

TEST_F(ProgressPacerTest, TheFirstIsToldAtOnceAndTheNextWaits) {
  EXPECT_TRUE(pacer_.tell_now(job_, "1", now_));
  EXPECT_FALSE(pacer_.next_due());
  EXPECT_FALSE(pacer_.tell_now(job_, "2", now_ + 99ms));
  EXPECT_EQ(pacer_.next_due(), now_ + 100ms);
  EXPECT_THAT(pacer_.due(now_ + 99ms), IsEmpty());
  EXPECT_THAT(pacer_.due(now_ + 100ms), ElementsAre(Pair(job_, "2")));
  EXPECT_FALSE(pacer_.next_due());
}

TEST_F(ProgressPacerTest, OfSeveralTheLatestWins) {
  EXPECT_TRUE(pacer_.tell_now(job_, "1", now_));
  for (const char* const text : {"2", "3", "4"}) EXPECT_FALSE(pacer_.tell_now(job_, text, now_));
  EXPECT_THAT(pacer_.due(now_ + 100ms), ElementsAre(Pair(job_, "4")));
  EXPECT_FALSE(pacer_.tell_now(job_, "5", now_ + 150ms));
  EXPECT_TRUE(pacer_.tell_now(job_, "6", now_ + 200ms));  // before anybody asked what is due
  EXPECT_FALSE(pacer_.next_due());
  EXPECT_THAT(pacer_.due(now_ + 1h), IsEmpty());
}

TEST_F(ProgressPacerTest, JobsDoNotWaitForEachOther) {
  EXPECT_TRUE(pacer_.tell_now(job_, "1", now_));
  EXPECT_TRUE(pacer_.tell_now(other_, "1", now_ + 50ms));
  EXPECT_FALSE(pacer_.tell_now(other_, "2", now_ + 60ms));
  EXPECT_FALSE(pacer_.tell_now(job_, "2", now_ + 60ms));
  EXPECT_THAT(pacer_.due(now_ + 100ms), ElementsAre(Pair(job_, "2")));
  EXPECT_EQ(pacer_.next_due(), now_ + 150ms);
  EXPECT_THAT(pacer_.due(now_ + 150ms), ElementsAre(Pair(other_, "2")));
}

TEST_F(ProgressPacerTest, ChangeOfStateTakesWhatIsKeptAndNothingIsToldAfterIt) {
  EXPECT_FALSE(pacer_.take(job_));
  EXPECT_TRUE(pacer_.tell_now(job_, "1", now_));
  EXPECT_FALSE(pacer_.take(job_));  // told already
  EXPECT_TRUE(pacer_.tell_now(job_, "2", now_));
  EXPECT_FALSE(pacer_.tell_now(job_, "3", now_));
  EXPECT_EQ(pacer_.take(job_), "3");
  EXPECT_FALSE(pacer_.next_due());
  EXPECT_THAT(pacer_.due(now_ + 1h), IsEmpty());
}

TEST_F(ProgressPacerTest, WhateverComesTenASecondAreToldAndTheLastOne) {
  std::minstd_rand random(7);
  for (int history = 0; history < 100; ++history) {
    ProgressPacer pacer;
    std::vector<SteadyTime> told;
    std::string last_told;
    std::string latest;
    const SteadyTime end = now_ + 2s;
    SteadyTime at = now_;
    const auto drain = [&](SteadyTime until) {
      while (pacer.next_due() && *pacer.next_due() <= until) {
        const SteadyTime due = *pacer.next_due();
        for (const auto& [id, text] : pacer.due(due)) {
          told.push_back(due);
          last_told = text;
        }
      }
    };
    for (int i = 0; at < end; ++i) {
      at += Millis(random() % 60);
      drain(at);
      latest = std::to_string(i);
      if (pacer.tell_now(job_, latest, at)) {
        told.push_back(at);
        last_told = latest;
      }
    }
    drain(at + ProgressPacer::kInterval);
    EXPECT_EQ(last_told, latest);
    for (std::size_t i = 1; i < told.size(); ++i) ASSERT_GE(told[i] - told[i - 1], ProgressPacer::kInterval);
    EXPECT_GE(told.size(), 10U);
  }
}

}  // namespace
}  // namespace sisyphus::actors
