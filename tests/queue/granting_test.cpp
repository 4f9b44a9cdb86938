#include "tests/queue/queue_fixture.hpp"

#include <gmock/gmock.h>

#include <set>

namespace sisyphus::queue {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class JobQueueGranting : public QueueTest {};

TEST_F(JobQueueGranting, HigherPriorityFirstThenFirstComeFirst) {
  submit("a");
  submit("b", "ffmpeg", R"(,"priority":5)");
  submit("c", "other", R"(,"priority":-1)");
  submit("d", "third");
  submit("e", "ffmpeg", R"(,"priority":5)");
  EXPECT_THAT(granted_titles(), ElementsAre("b", "e", "a", "d", "c"));
}

TEST_F(JobQueueGranting, FirstComeFirstAcrossJobsThatAskForDifferentThings) {
  for (const char* const title : {"1", "2", "3", "4", "5", "6"}) submit(title, *title % 2 == 0 ? "a" : "b");
  EXPECT_THAT(granted_titles(), ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_F(JobQueueGranting, RequeuedJobKeepsItsPlace) {
  submit("a");
  submit("b");
  const Grant first = grant();
  ASSERT_TRUE(queue_->hand_back({first.id, first.token, "no"}, now_));
  EXPECT_THAT(granted_titles("w2"), ElementsAre("a", "b"));
}

TEST_F(JobQueueGranting, OnlyFittingModulesAreGranted) {
  submit("a", "ffmpeg");
  submit("b", "mkvmerge");
  EXPECT_THAT(granted_titles("w1", 10, offering({"mkvmerge", "cleanup"})), ElementsAre("b"));
  EXPECT_THAT(granted_titles("w1", 10, offering({})), IsEmpty());
  EXPECT_THAT(granted_titles("w1", 10, offering({"ffmpeg"})), ElementsAre("a"));
}

TEST_F(JobQueueGranting, EveryModuleOfTheJobMustBeOffered) {
  std::vector<JobDocument> documents;
  documents.push_back(std::move(
      read_submission(R"({"job_title":"t","tasks":[{"module":"a","data":{}},{"module":"b","data":{}}]})",
                      now_.wall)
          .value()
          .jobs.at(0)));
  queue_->submit(std::move(documents), now_);
  EXPECT_THAT(granted_titles("w1", 1, offering({"a"})), IsEmpty());
  EXPECT_THAT(granted_titles("w1", 1, offering({"b", "a"})), ElementsAre("t"));
}

TEST_F(JobQueueGranting, WorkerThatNamesNoModulesTakesAny) {
  submit("a", "something-new");
  EXPECT_THAT(granted_titles("", 1), ElementsAre("a"));
}

TEST_F(JobQueueGranting, OnlyFittingLabelsAreGranted) {
  submit("a", "m", R"(,"requires":{"labels":["nvenc","linux"]})");
  EXPECT_THAT(granted_titles("w1", 1, offering({"m"}, {"nvenc"})), IsEmpty());
  EXPECT_THAT(granted_titles("w1", 1, offering({"m"}, {"linux", "fast", "nvenc"})), ElementsAre("a"));
}

TEST_F(JobQueueGranting, BatchNeverTakesMoreResourcesThanAreFree) {
  for (const char* const title : {"a", "b", "c"})
    submit(title, "m", R"(,"requires":{"resources":{"gpu":1}})");
  submit("d", "m");
  submit("e", "m", R"(,"requires":{"resources":{"ram":1}})");
  EXPECT_THAT(granted_titles("w1", 10, offering({"m"}, {}, {{"gpu", 2.5}})), ElementsAre("a", "b", "d"));
  EXPECT_THAT(granted_titles("w1", 10, offering({"m"}, {}, {{"gpu", 0.5}})), IsEmpty());
  EXPECT_THAT(granted_titles("w1", 10, offering({"m"}, {}, {{"gpu", 1}, {"ram", 1}})), ElementsAre("c", "e"));
}

TEST_F(JobQueueGranting, WhatRunsAtEachWorkerIsKnownAfterARestartToo) {
  constexpr const char* kOneCard = R"(,"requires":{"resources":{"gpu":1}})";
  submit("a", "m", kOneCard);
  submit("b", "m");
  submit("c", "m", kOneCard);
  const Grant a = grant("w1", offering({"m"}, {}, {{"gpu", 1}}));
  const Grant b = grant("w2", offering({"m"}));
  const auto count = [this](std::string_view worker) { return queue_->running()[worker].size(); };
  const auto expect_two = [&] {
    ASSERT_EQ(count("w1"), 1U);
    EXPECT_EQ(*queue_->running()["w1"].front(), *queue_->needs(a.id));
    EXPECT_EQ(count("w2"), 1U);
  };
  expect_two();
  restart();
  expect_two();
  ASSERT_TRUE(complete(done(a)));
  EXPECT_EQ(count("w1"), 0U);
  ASSERT_TRUE(queue_->hand_back({b.id, b.token, "no"}, now_));
  EXPECT_TRUE(queue_->running().empty());
}

TEST_F(JobQueueGranting, BatchIsNoLargerThanWanted) {
  for (const char* const title : {"a", "b", "c"}) submit(title);
  EXPECT_THAT(granted_titles("w1", 2), ElementsAre("a", "b"));
  EXPECT_THAT(granted_titles("w1", 2), ElementsAre("c"));
  EXPECT_THAT(granted_titles("w1", 2), IsEmpty());
}

TEST_F(JobQueueGranting, GrantCarriesDocumentTokenLeaseAndAttempt) {
  const JobId id = submit("a");
  const Grant given = grant();
  EXPECT_EQ(given.id, id);
  EXPECT_EQ(given.document.view(), view(id).document);
  EXPECT_EQ(given.token, (LeaseToken{1, 1}));
  EXPECT_EQ(given.expires_in, 60s);
  EXPECT_EQ(given.attempt, 1);
  EXPECT_EQ(view(id).state, JobState::running);
  EXPECT_EQ(view(id).worker_id, "w1");
  EXPECT_EQ(view(id).started_at, now_.wall);
}

TEST_F(JobQueueGranting, GrantToTheOriginalClientHasNoToken) {
  submit("a");
  EXPECT_FALSE(grant("").token);
}

TEST_F(JobQueueGranting, DisabledQueueGrantsNothing) {
  submit("a");
  queue_->set_disabled(true);
  EXPECT_THAT(granted_titles(), IsEmpty());
  EXPECT_TRUE(queue_->waiting(10).disabled);
  restart();
  EXPECT_THAT(granted_titles(), IsEmpty());
  queue_->set_disabled(false);
  EXPECT_THAT(granted_titles(), ElementsAre("a"));
}

TEST_F(JobQueueGranting, TokensGrowAndAreNeverIssuedTwiceAcrossRestarts) {
  std::set<LeaseToken> seen;
  LeaseToken last;
  for (int start = 0; start < 4; ++start) {
    for (int i = 0; i < 5; ++i) {
      submit();
      const Grant given = grant();
      EXPECT_LT(last, given.token);
      EXPECT_TRUE(seen.insert(given.token).second) << to_string(given.token);
      last = given.token;
    }
    restart();
  }
}

TEST_F(JobQueueGranting, JobWaitsForItsTime) {
  const JobId id = submit("a", "ffmpeg", fmt::format(R"(,"not_before":"{}")", rfc3339(now_.wall + 90s)));
  EXPECT_THAT(granted_titles(), IsEmpty());
  EXPECT_EQ(view(id).state, JobState::queued);
  EXPECT_EQ(view(id).waiting_for, "its time: not before " + rfc3339(now_.wall + 90s));
  EXPECT_EQ(queue_->next_deadline(), now_.steady + 90s);
  pass(89'999ms);
  EXPECT_THAT(granted_titles(), IsEmpty());
  pass(1ms);
  EXPECT_EQ(view(id).waiting_for, "");
  EXPECT_THAT(granted_titles(), ElementsAre("a"));
}

TEST_F(JobQueueGranting, TimeThatPassedWhileTheServerWasDownCounts) {
  submit("a", "ffmpeg", fmt::format(R"(,"not_before":"{}")", rfc3339(now_.wall + 90s)));
  now_.wall += 91s;
  restart();
  EXPECT_THAT(granted_titles(), ElementsAre("a"));
}

TEST_F(JobQueueGranting, IdempotencyKeyGivesTheFirstJobAgain) {
  const JobId first = submit("a", "ffmpeg", R"(,"idempotency_key":"k")");
  queue_->take_changes();
  EXPECT_EQ(submit("b", "ffmpeg", R"(,"idempotency_key":"k")"), first);
  EXPECT_FALSE(queue_->has_changes());
  EXPECT_EQ(queue_->size(), 1U);
  EXPECT_NE(submit("c", "ffmpeg", R"(,"idempotency_key":"other")"), first);
}

TEST_F(JobQueueGranting, IdempotencyKeyIsKnownAfterRestartAndWhenFinished) {
  const JobId first = submit("a", "ffmpeg", R"(,"idempotency_key":"k")");
  const Grant given = grant();
  ASSERT_TRUE(complete(done(given)));
  restart();
  EXPECT_EQ(submit("b", "ffmpeg", R"(,"idempotency_key":"k")"), first);
  ASSERT_TRUE(queue_->remove(first, now_));
  EXPECT_NE(submit("b", "ffmpeg", R"(,"idempotency_key":"k")"), first);
}

TEST_F(JobQueueGranting, SameKeyTwiceInOneArrayIsOneJob) {
  std::vector<JobDocument> documents;
  documents.push_back(make_document("a", "m", R"(,"idempotency_key":"k")"));
  documents.push_back(make_document("b", "m", R"(,"idempotency_key":"k")"));
  const auto ids = queue_->submit(std::move(documents), now_);
  EXPECT_EQ(ids.at(0), ids.at(1));
  EXPECT_EQ(queue_->size(), 1U);
}

TEST_F(JobQueueGranting, EffectsOfAGrantNameItsWorker) {
  submit("a");
  queue_->take_changes();
  const Grant given = grant("w7");
  const auto changes = queue_->take_changes();
  ASSERT_EQ(changes.effects.size(), 1U);
  EXPECT_EQ(changes.effects[0].kind, Effect::Kind::state);
  EXPECT_EQ(changes.effects[0].state, JobState::running);
  EXPECT_EQ(changes.effects[0].worker_id, "w7");
  EXPECT_EQ(changes.record_count, 1U);
  EXPECT_EQ(std::get<Granted>(records_of(changes.records).at(0)).token, given.token);
}

TEST_F(JobQueueGranting, NewsForPollsThatFoundNothingIsAJobThatBecameReady) {
  queue_->take_news();
  const JobId id = submit();
  EXPECT_TRUE(queue_->take_news());
  EXPECT_FALSE(queue_->take_news()) << "told once";
  const Grant first = grant();
  EXPECT_FALSE(queue_->take_news());
  ASSERT_TRUE(queue_->hand_back({id, first.token, "no"}, now_));
  EXPECT_TRUE(queue_->take_news()) << "others may have it";
  pass(policy().backoff_base);
  EXPECT_TRUE(queue_->take_news()) << "its worker may have it again";
  ASSERT_TRUE(queue_->pause(id, now_));
  EXPECT_FALSE(queue_->take_news());
  ASSERT_TRUE(queue_->resume(id, now_));
  EXPECT_TRUE(queue_->take_news());
  ASSERT_TRUE(complete(done(grant())));
  EXPECT_FALSE(queue_->take_news());
  queue_->set_disabled(false);
  EXPECT_TRUE(queue_->take_news());
}

}  // namespace
}  // namespace sisyphus::queue
