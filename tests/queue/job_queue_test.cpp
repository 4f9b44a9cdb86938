#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

namespace sisyphus::queue {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class JobQueueRemoval : public QueueTest {};

TEST_F(JobQueueRemoval, RemoveTakesWaitingAndFinishedAwayAndCancelsRunning) {
  const JobId waiting = submit("a");
  ASSERT_TRUE(queue_->remove(waiting, now_));
  EXPECT_EQ(queue_->view(waiting).error().code, Errc::not_found);
  const JobId running = submit("b");
  grant("w1");
  ASSERT_TRUE(queue_->remove(running, now_));
  EXPECT_EQ(state(running), JobState::cancelling);
  lose_lease();
  ASSERT_TRUE(queue_->remove(running, now_));
  EXPECT_EQ(queue_->view(running).error().code, Errc::not_found);
  EXPECT_EQ(queue_->remove(running, now_).error().code, Errc::not_found);
  EXPECT_EQ(queue_->size(), 0U);
}

TEST_F(JobQueueRemoval, ClearGoesInPartsAndLeavesWhatComesMeanwhile) {
  for (int i = 0; i < 1500; ++i) submit();
  new_records();
  const std::uint64_t end = queue_->next_order();
  const std::uint64_t next = queue_->clear(0, end);
  EXPECT_EQ(queue_->size(), 500U);
  submit("new");
  EXPECT_EQ(queue_->clear(next, end), end);
  EXPECT_EQ(queue_->size(), 1U);
  EXPECT_EQ(new_records(), 3U);
  EXPECT_EQ(queue_->clear(0, end), end);
  EXPECT_EQ(new_records(), 0U);
}

TEST_F(JobQueueRemoval, ClearRemovesAllThatWaitAndKeepsTheFlag) {
  queue_->set_disabled(true);
  submit("a");
  const JobId held = submit("b");
  ASSERT_TRUE(queue_->pause(held, now_));
  queue_->set_disabled(false);
  const Grant running = grant("w1");
  submit("c");
  queue_->set_disabled(true);
  EXPECT_EQ(queue_->clear(0, queue_->next_order()), queue_->next_order());
  EXPECT_EQ(queue_->size(), 1U);
  EXPECT_EQ(queue_->waiting(10).entries, 0U);
  EXPECT_TRUE(queue_->disabled());
  EXPECT_EQ(state(running.id), JobState::running);
  restart();
  EXPECT_EQ(queue_->size(), 1U);
}

class JobQueueHistory : public QueueTest {
 protected:
  JobQueueHistory() {
    Policy small;
    small.history = 3;
    queue_ = std::make_unique<JobQueue>(small, 1);
    queue_->open(now_);
  }
};

TEST_F(JobQueueHistory, KeepsTheLastFinishedJobsOnly) {
  std::vector<JobId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(submit());
    ASSERT_TRUE(complete(done(grant())));
  }
  EXPECT_EQ(queue_->size(), 3U);
  EXPECT_FALSE(queue_->view(ids[1]));
  EXPECT_TRUE(queue_->view(ids[2]));
}

TEST_F(JobQueueHistory, WhatItForgotStaysForgottenWithALargerOne) {
  std::vector<JobId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(submit());
    ASSERT_TRUE(complete(done(grant())));
  }
  restart();  // with the usual 10,000
  EXPECT_EQ(queue_->size(), 3U);
  EXPECT_TRUE(queue_->view(ids[2]));
}

TEST_F(JobQueueHistory, StartWithASmallerOneForgetsTheOldest) {
  restart();
  std::vector<JobId> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(submit());
    ASSERT_TRUE(complete(done(grant())));
  }
  log_ += queue_->take_changes().records;
  Policy smaller;
  smaller.history = 2;
  JobQueue fresh(smaller, 1);
  for (const Record& record : records_of(log_)) ASSERT_TRUE(fresh.replay(record));
  fresh.open(now_);
  EXPECT_EQ(fresh.size(), 2U);
  EXPECT_TRUE(fresh.view(ids[3]));
}

TEST_F(JobQueueHistory, RetriedJobLeavesTheHistoryAndComesBackYoung) {
  std::vector<JobId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(submit());
    ASSERT_TRUE(complete(done(grant(), true)));
  }
  ASSERT_TRUE(queue_->retry(ids[0], now_));
  ASSERT_TRUE(complete(done(grant())));
  submit();
  ASSERT_TRUE(complete(done(grant())));
  EXPECT_TRUE(queue_->view(ids[0]));
  EXPECT_FALSE(queue_->view(ids[1]));
}

class JobQueueLists : public QueueTest {
 protected:
  std::vector<std::string> waiting_titles(std::size_t limit) {
    std::vector<std::string> titles;
    for (const std::string& text : queue_->waiting(limit).documents)
      titles.push_back(read_stored_spec(text)->title);
    return titles;
  }
};

TEST_F(JobQueueLists, WaitingIsInTheOrderOfGrantsThenWhatIsHeld) {
  const JobId held = submit("held");
  ASSERT_TRUE(queue_->pause(held, now_));
  submit("a", "m");
  submit("b", "n", R"(,"priority":1)");
  submit("c", "m", R"(,"priority":2)");
  submit("d", "n");
  EXPECT_THAT(waiting_titles(100), ElementsAre("c", "b", "a", "d", "held"));
  EXPECT_THAT(waiting_titles(2), ElementsAre("c", "b"));
  EXPECT_THAT(waiting_titles(0), IsEmpty());
  EXPECT_EQ(queue_->waiting(2).entries, 5U);
}

TEST_F(JobQueueLists, WaitingHoldsNoRunningOrFinishedJobs) {
  submit("a");
  submit("b");
  submit("c");
  grant();
  ASSERT_TRUE(complete(done(grant())));
  EXPECT_THAT(waiting_titles(100), ElementsAre("c"));
  EXPECT_EQ(queue_->waiting(100).entries, 1U);
}

TEST_F(JobQueueLists, PagesAreNewestFirstAndGoOnWhereTheyStopped) {
  for (const char* const title : {"1", "2", "3", "4", "5"}) submit(title);
  std::vector<std::string> titles;
  std::string cursor;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = queue_->page({}, 2, cursor);
    ASSERT_TRUE(page);
    for (const JobView& job : page->jobs) titles.push_back(job.title);
    ASSERT_EQ(page->next_cursor.has_value(), pages < 2);
    cursor = page->next_cursor.value_or("");
  }
  EXPECT_THAT(titles, ElementsAre("5", "4", "3", "2", "1"));
}

TEST_F(JobQueueLists, PageGoesOnWhenTheJobAtTheCursorIsGone) {
  std::vector<JobId> ids;
  for (const char* const title : {"1", "2", "3", "4", "5"}) ids.push_back(submit(title));
  const auto first = queue_->page({}, 2, "");
  ASSERT_TRUE(queue_->remove(ids[3], now_));
  ASSERT_TRUE(queue_->remove(ids[2], now_));
  submit("6");
  const auto second = queue_->page({}, 2, *first->next_cursor);
  ASSERT_EQ(second->jobs.size(), 2U);
  EXPECT_EQ(second->jobs[0].title, "2");
  EXPECT_FALSE(second->next_cursor);
}

TEST_F(JobQueueLists, PagesHoldOneStateOnly) {
  submit("a");
  const JobId paused = submit("b");
  submit("c");
  ASSERT_TRUE(queue_->pause(paused, now_));
  EXPECT_EQ(queue_->page(JobState::queued, 10, "")->jobs.size(), 2U);
  EXPECT_EQ(queue_->page(JobState::paused, 10, "")->jobs.at(0).title, "b");
  EXPECT_TRUE(queue_->page(JobState::running, 10, "")->jobs.empty());
}

TEST_F(JobQueueLists, CursorThatIsNoneIsRefused) {
  for (const char* const cursor : {"x", "1x", "-1", "99999999999999999999999"}) {
    EXPECT_EQ(queue_->page({}, 10, cursor).error().code, Errc::invalid) << cursor;
  }
}

TEST_F(JobQueueLists, UnknownJobIsNotFoundEverywhere) {
  const JobId id = make_uuid();
  EXPECT_EQ(queue_->view(id).error().detail, "there is no job " + to_string(id));
  EXPECT_EQ(queue_->cancel(id, now_).error().code, Errc::not_found);
  EXPECT_EQ(queue_->pause(id, now_).error().code, Errc::not_found);
  EXPECT_EQ(queue_->resume(id, now_).error().code, Errc::not_found);
  EXPECT_EQ(queue_->retry(id, now_).error().code, Errc::not_found);
  EXPECT_EQ(queue_->mark_irreversible(id, {1, 1}).error().code, Errc::not_found);
  EXPECT_EQ(queue_->needs(id), nullptr);
}

}  // namespace
}  // namespace sisyphus::queue
