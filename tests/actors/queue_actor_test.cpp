#include "actors/queue_actor.hpp"

#include "queue/journal_files.hpp"
#include "tests/actors/loop_fixture.hpp"
#include "tests/queue/queue_fixture.hpp"
#include "tests/support/memory_file_system.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace sisyphus::actors {
namespace {

using queue::make_document;
using testing::HasSubstr;

// The actor over a disk in memory, on a loop that the test turns.
class QueueActorTest : public testing::Test {
 protected:
  QueueActorTest() { start(); }
  ~QueueActorTest() override { stop(); }

  void start() {
    QueueSettings settings;
    settings.data_dir = "j";
    settings.segment_size = 1U << 20;
    actor_ = std::move(QueueActor::open(loop_.get_executor(), clock_, disk_, settings).value());
    group_ = std::make_unique<TaskGroup>(loop_.get_executor());
    actor_->start(*group_, [this] { ++storage_lost_; });
    settle(loop_);
  }
  void stop() {
    actor_->release_waiters();
    actor_->stop();
    while (group_->size() != 0) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
    settle(loop_);
    actor_.reset();
  }

  template <class T>
  Started<T> begin(asio::awaitable<T> work) {
    return Started<T>(loop_, std::move(work));
  }
  static std::vector<JobDocument> one(std::string_view module = "ffmpeg", std::string_view more = "") {
    std::vector<JobDocument> documents;
    documents.push_back(make_document("t", module, more));
    return documents;
  }
  Result<std::vector<Submitted>> submit(std::string_view module = "ffmpeg", std::string_view more = "") {
    return begin(actor_->submit(one(module, more))).get();
  }
  // A job that `info` was said of when it ended.
  JobId ended(std::string info, std::string message = "", bool failed = false) {
    const JobId id = submit()->front().id;
    PollRequest wanted = request("w1");
    const Grant grant = begin(actor_->poll(std::move(wanted), {})).get()->front();
    std::vector<Completion> one;
    one.push_back({id, grant.token, "", failed, false, std::move(info), std::move(message)});
    EXPECT_TRUE(begin(actor_->complete(std::move(one))).get().front());
    return id;
  }
  static PollRequest request(std::string worker, std::vector<std::string> modules = {"ffmpeg"}) {
    return {std::move(worker), {std::move(modules), {}, {}}, 1, std::chrono::hours(1)};
  }
  Started<Result<std::vector<Grant>>> park(PollRequest wanted, std::stop_token hangup = {}) {
    WatchClient watch = [hangup] { return hangup; };
    auto parked = begin(actor_->poll(std::move(wanted), std::move(watch)));
    settle(loop_);
    EXPECT_FALSE(parked.done());
    return parked;
  }

  asio::io_context loop_;
  SystemClock clock_;
  queue::MemoryFileSystem disk_;
  std::unique_ptr<QueueActor> actor_;
  std::unique_ptr<TaskGroup> group_;
  int storage_lost_ = 0;
};

TEST_F(QueueActorTest, SubmitWakesExactlyOneFittingPoller) {
  auto other = park(request("w0", {"mkvmerge"}));
  auto first = park(request("w1"));
  auto second = park(request("w2"));
  const auto submitted = submit();
  const auto grants = first.get();
  ASSERT_TRUE(grants);
  ASSERT_EQ(grants->size(), 1U);
  EXPECT_EQ(grants->front().id, submitted->front().id);
  settle(loop_);
  EXPECT_FALSE(second.done());
  EXPECT_FALSE(other.done());
}

TEST_F(QueueActorTest, HangupUnparksAndTheJobGoesToTheNext) {
  std::stop_source hangup;
  auto gone = park(request("w1"), hangup.get_token());
  auto stays = park(request("w2"));
  hangup.request_stop();
  EXPECT_TRUE(gone.get()->empty());
  ASSERT_TRUE(submit());
  EXPECT_EQ(stays.get()->size(), 1U);
}

TEST_F(QueueActorTest, HangupInTheSameTurnAsTheSubmitLosesNoJob) {
  std::stop_source hangup;
  auto gone = park(request("w1"), hangup.get_token());
  auto stays = park(request("w2"));
  auto submitting = begin(actor_->submit(one()));
  hangup.request_stop();
  ASSERT_TRUE(submitting.get());
  EXPECT_TRUE(gone.get()->empty());
  EXPECT_EQ(stays.get()->size(), 1U);
}

TEST_F(QueueActorTest, UndeliveredGrantGoesToTheNextPoller) {
  auto first = park(request("w1"));
  ASSERT_TRUE(submit());
  const auto grants = first.get();
  auto second = park(request("w2"));
  actor_->undelivered(*grants);
  EXPECT_EQ(second.get()->front().attempt, 1);
}

TEST_F(QueueActorTest, PollersOfDisabledWorkersAndQueuesAreServedWhenTheyAreEnabled) {
  ASSERT_TRUE(begin(actor_->set_worker_disabled("w1", true)).get());
  auto parked = park(request("w1"));
  ASSERT_TRUE(submit());
  settle(loop_);
  EXPECT_FALSE(parked.done());
  ASSERT_TRUE(begin(actor_->set_disabled(true)).get());
  ASSERT_TRUE(begin(actor_->set_worker_disabled("w1", false)).get());
  settle(loop_);
  EXPECT_FALSE(parked.done());
  ASSERT_TRUE(begin(actor_->set_disabled(false)).get());
  EXPECT_EQ(parked.get()->size(), 1U);
}

TEST_F(QueueActorTest, PollWithoutWaitingComesBackEmptyAtOnce) {
  PollRequest wanted = request("w1");
  wanted.wait = Millis(0);
  EXPECT_TRUE(begin(actor_->poll(wanted, {})).get()->empty());
}

TEST_F(QueueActorTest, LastProgressIsToldBeforeTheEndAndNoneAfter) {
  auto waiting = park(request("w1"));
  ASSERT_TRUE(submit());
  const Grant grant = waiting.get()->front();
  const auto events = actor_->subscribe(std::nullopt, "");
  const auto report = [&](int percent) {
    actor_->report_progress({{grant.id, grant.token, fmt::format(R"("percent":{})", percent)}});
  };
  for (int percent = 1; percent <= 50; ++percent) report(percent);
  ASSERT_TRUE(begin(actor_->complete({{grant.id, grant.token, "w1", false, false, "", ""}})).get().front());
  report(99);
  settle(loop_);
  std::vector<std::string> told;
  while (const auto event = begin(events->next(Millis(200), {})).get()) told.push_back(*event);
  ASSERT_GE(told.size(), 3U);  // the first progress, the last one, the end
  EXPECT_LT(told.size(), 40U);
  EXPECT_THAT(told.front(), HasSubstr(R"("percent":1)"));
  EXPECT_THAT(told.at(told.size() - 2), HasSubstr(R"("percent":50)"));
  EXPECT_THAT(told.back(), HasSubstr(R"("completed")"));
}

TEST_F(QueueActorTest, JobWhoseResourcesAreInUseSaysSoUntilTheyAreFree) {
  constexpr const char* kOneCard = R"(,"requires":{"resources":{"gpu":1}})";
  PollRequest wanted = request("w1");
  wanted.offer.resources = {{"gpu", 1}};
  Heartbeat beat;
  beat.worker_id = "w1";
  beat.offer = wanted.offer;
  ASSERT_TRUE(begin(actor_->heartbeat(std::move(beat))).get());
  const JobId first = submit("ffmpeg", kOneCard)->front().id;
  EXPECT_EQ(actor_->job(first)->waiting_for, "");
  const Grant grant = begin(actor_->poll(std::move(wanted), {})).get()->front();
  const JobId second = submit("ffmpeg", kOneCard)->front().id;
  EXPECT_EQ(actor_->job(first)->waiting_for, "");
  EXPECT_EQ(actor_->job(second)->waiting_for, "gpu=1 to be free: in use at every worker that could run it");
  std::vector<Completion> done;
  done.push_back({first, grant.token, "", false, false, "{}", ""});
  ASSERT_TRUE(begin(actor_->complete(std::move(done))).get().front());
  EXPECT_EQ(actor_->job(second)->waiting_for, "");
}

TEST_F(QueueActorTest, WorkersThatComeAndGoAreEvents) {
  const auto events = actor_->subscribe(std::nullopt, "");
  ASSERT_TRUE(begin(actor_->heartbeat({"w1", "box", "{}", {}, {}})).get());
  ASSERT_TRUE(begin(actor_->heartbeat({"w1", "box", "{}", {}, {}})).get());
  ASSERT_TRUE(actor_->forget_worker("w1"));
  std::vector<std::string> told;
  while (const auto event = begin(events->next(Millis(0), {})).get()) told.push_back(*event);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_THAT(told.front(), HasSubstr(R"(data: {"worker_id":"w1","hostname":"box","online":true})"));
  EXPECT_THAT(told.back(), HasSubstr(R"("online":false)"));
}

TEST_F(QueueActorTest, ReleasedWaitersGetNothing) {
  auto parked = park(request("w1"));
  actor_->release_waiters();
  EXPECT_TRUE(parked.get()->empty());
}

TEST_F(QueueActorTest, WhatWasAnsweredIsThereAfterARestart) {
  const JobId id = submit()->front().id;
  ASSERT_TRUE(begin(actor_->put("ffmpeg", "fast", "{}")).get());
  ASSERT_TRUE(begin(actor_->set_worker_disabled("w1", true)).get());
  ASSERT_TRUE(begin(actor_->pause(id)).get());
  stop();
  start();
  EXPECT_EQ(actor_->job(id)->state, JobState::paused);
  EXPECT_EQ(actor_->get("ffmpeg", "fast").value(), "{}");
  PollRequest wanted = request("w1");
  wanted.wait = Millis(0);
  ASSERT_TRUE(begin(actor_->resume(id)).get());
  EXPECT_TRUE(begin(actor_->poll(wanted, {})).get()->empty());
}

TEST_F(QueueActorTest, JournalOfJobsThatAreGoneIsCompactedWhileJobsCome) {
  const JobId kept = submit()->front().id;
  ASSERT_TRUE(begin(actor_->put("ffmpeg", "fast", "{}")).get());
  const std::string filling = fmt::format(R"(,"metadata":{{"filling":"{}"}})", std::string(100'000, 'x'));
  const auto compacted = [this] {
    const auto names = disk_.list("j").value();
    return std::any_of(names.begin(), names.end(), queue::is_snapshot_name) &&
           !std::binary_search(names.begin(), names.end(), queue::segment_name(1));
  };
  std::set<JobId> later;
  while (!compacted()) {
    const JobId gone = submit("ffmpeg", filling)->front().id;
    ASSERT_TRUE(begin(actor_->remove(gone)).get());
    later.insert(submit()->front().id);
  }
  stop();
  start();
  EXPECT_TRUE(actor_->job(kept));
  for (const JobId& id : later) EXPECT_TRUE(actor_->job(id));
  EXPECT_EQ(actor_->job_count(), later.size() + 1);
  EXPECT_EQ(actor_->get("ffmpeg", "fast").value(), "{}");
}

TEST_F(QueueActorTest, JournalFailureTellsWaitersAndHealth) {
  EXPECT_TRUE(actor_->status().healthy);
  disk_.fail_from_call(0, EIO);
  auto submitting = begin(actor_->submit(one()));
  auto other = begin(actor_->set_disabled(true));
  const auto result = submitting.get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_THAT(result.error().detail, HasSubstr("the outcome is unknown: cannot write"));
  EXPECT_EQ(other.get().error().code, Errc::unavailable);
  settle(loop_);
  EXPECT_FALSE(actor_->status().healthy);
  EXPECT_THAT(actor_->status().trouble, HasSubstr("the journal cannot be written"));
  EXPECT_EQ(storage_lost_, 1);
  EXPECT_EQ(submit().error().code, Errc::unavailable);
}

TEST_F(QueueActorTest, WhatWasAnsweredSurvivesAFailingDiskAndALossOfPower) {
  std::minstd_rand random(7);
  std::set<JobId> answered;
  for (std::uint64_t call = 0; call < 60; ++call) {
    disk_.fail_from_call(call % 6, EIO);
    std::vector<Started<Result<std::vector<Submitted>>>> all;
    for (int i = 0; i < 3; ++i) all.push_back(begin(actor_->submit(one())));
    for (auto& each : all) {
      if (const auto submitted = each.get()) answered.insert(submitted->front().id);
      settle(loop_);
    }
    if (const auto last = submit()) answered.insert(last->front().id);
    stop();
    disk_.fail_from_call(queue::MemoryFileSystem::kNever, 0);
    disk_.lose_power(random);
    start();
    for (const JobId& id : answered) ASSERT_TRUE(actor_->job(id)) << call;
  }
  EXPECT_GT(answered.size(), 60U);
}

TEST_F(QueueActorTest, WhatOneTurnBroughtIsOneBatch) {
  const std::uint64_t before = disk_.calls();
  std::vector<Started<Result<std::vector<Submitted>>>> all;
  for (int i = 0; i < 10; ++i) all.push_back(begin(actor_->submit(one())));
  for (auto& each : all) EXPECT_TRUE(each.get());
  EXPECT_EQ(disk_.calls() - before, 2U);  // a write and a sync
}

TEST_F(QueueActorTest, SyncErrorIsNeverTriedAgain) {
  disk_.fail_from_call(1, EIO);  // the write is done
  const auto result = submit();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::unavailable);
  EXPECT_THAT(result.error().detail, HasSubstr("the outcome is unknown: cannot sync"));
  disk_.fail_from_call(queue::MemoryFileSystem::kNever, 0);
  const std::uint64_t calls = disk_.calls();
  EXPECT_EQ(submit().error().code, Errc::unavailable);
  EXPECT_FALSE(actor_->status().healthy);
  EXPECT_EQ(storage_lost_, 1);
  EXPECT_EQ(disk_.calls(), calls);
}

TEST_F(QueueActorTest, NothingIsPublishedThatIsNotInTheJournal) {
  const auto events = actor_->subscribe(std::nullopt, "");
  disk_.fail_from_call(0, EIO);
  EXPECT_FALSE(submit());
  EXPECT_EQ(begin(events->next(Millis(0), {})).get(), nullptr);
}

TEST_F(QueueActorTest, WhatAFinishedJobSaidIsShownAtOnceAndAfterALossOfPower) {
  std::minstd_rand random(9);
  const std::string message = "it broke: " + std::string(5000, 'x');
  const JobId id = ended(R"({"code":3})", message, true);
  const JobId quiet = ended("");
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(actor_->job(id)->message, message);
    EXPECT_EQ(actor_->job(id)->info, R"({"code":3})");
    EXPECT_EQ(actor_->jobs(JobState::failed, 10, "")->jobs.front().info, R"({"code":3})");
    EXPECT_EQ(actor_->job(quiet)->info, "");
    stop();
    disk_.lose_power(random);
    start();
  }
}

TEST_F(QueueActorTest, TextIsShownBeforeItIsWritten) {
  const JobId id = submit()->front().id;
  const Grant grant = begin(actor_->poll(request("w1"), {})).get()->front();
  std::vector<Completion> one;
  one.push_back({id, grant.token, "", false, false, R"({"code":0})", ""});
  auto completing = begin(actor_->complete(std::move(one)));
  while (actor_->job(id)->state != JobState::completed) loop_.run_one();
  EXPECT_FALSE(completing.done());
  EXPECT_EQ(actor_->job(id)->info, R"({"code":0})");
  EXPECT_TRUE(completing.get().front());
  EXPECT_EQ(actor_->job(id)->info, R"({"code":0})");
}

TEST_F(QueueActorTest, SettledJobNeedsNothingMoreOfTheDisk) {
  const JobId id = submit()->front().id;
  const Grant grant = begin(actor_->poll(request("w1"), {})).get()->front();
  std::vector<Completion> one;
  one.push_back({id, grant.token, "", false, false, R"({"code":0})", ""});
  auto completing = begin(actor_->complete(std::move(one)));
  while (actor_->job(id)->state != JobState::completed) loop_.run_one();
  bool settled = false;
  asio::co_spawn(loop_, actor_->settled(id), [&settled](std::exception_ptr) { settled = true; });
  while (!settled) loop_.run_one();
  const std::uint64_t calls = disk_.calls();
  EXPECT_TRUE(completing.get().front());
  EXPECT_EQ(disk_.calls(), calls);
}

TEST_F(QueueActorTest, EventOfAnEndHasTheWholeMessage) {
  auto events = actor_->subscribe(std::nullopt, "");
  const std::string message = "it broke: " + std::string(5000, 'x');
  ended("", message, true);
  std::string all;
  while (all.find("failed") == std::string::npos)
    all += *begin(events->next(std::chrono::seconds(5), {})).get();
  EXPECT_THAT(all, HasSubstr(message));
}

TEST_F(QueueActorTest, DamagedTextMakesTheJobReadableWithANoteThatNamesTheFile) {
  const JobId id = ended(R"({"log":"abc"})", "it broke", true);
  stop();
  const std::string path = queue::history_path("j", 1);
  std::string bytes = disk_.read(path).value();
  bytes[bytes.find("abc")] = 'A';
  ASSERT_TRUE(disk_.open(path).value()->write_at(0, bytes));
  start();
  EXPECT_EQ(actor_->job(id)->message,
            fmt::format("it broke (what else it said cannot be read: {} is damaged at byte 24)", path));
  EXPECT_EQ(actor_->job(id)->info, "");
  EXPECT_EQ(actor_->job(id)->state, JobState::failed);
}

TEST_F(QueueActorTest, FullDiskEndsAJobWithoutItsText) {
  const JobId before = ended(R"({"code":1})");
  disk_.set_capacity(disk_.used());
  const JobId id = ended(R"({"code":2})", "it broke", true);
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(actor_->job(id)->state, JobState::failed);
    EXPECT_EQ(actor_->job(id)->message, "it broke (what else it said was not kept: the disk was full)");
    EXPECT_EQ(actor_->job(before)->info, R"({"code":1})");
    EXPECT_TRUE(actor_->status().healthy);
    disk_.set_capacity(queue::MemoryFileSystem::kNever);
    stop();
    start();
  }
  EXPECT_EQ(actor_->job(ended(R"({"code":3})"))->info, R"({"code":3})");
}

TEST_F(QueueActorTest, RemovedJobsTextLeavesTheDisk) {
  const JobId id = ended(R"({"log":"secret"})");
  EXPECT_THAT(disk_.read(queue::history_path("j", 1)).value(), HasSubstr("secret"));
  ASSERT_TRUE(begin(actor_->remove(id)).get());
  EXPECT_THAT(disk_.read(queue::history_path("j", 1)).value(), testing::Not(HasSubstr("secret")));
}

TEST_F(QueueActorTest, FullDiskRefusesJobsButEndsAndCancelsThoseThatAreThere) {
  const JobId id = submit()->front().id;
  disk_.set_capacity(disk_.used());
  const std::string large = fmt::format(R"(,"metadata":{{"x":"{}"}})", std::string(100'000, 'x'));
  Result<std::vector<Submitted>> refused = submit("ffmpeg", large);
  while (refused) refused = submit("ffmpeg", large);
  EXPECT_EQ(refused.error().code, Errc::storage_full);
  EXPECT_TRUE(begin(actor_->cancel(id)).get());
  EXPECT_TRUE(actor_->status().healthy);
  disk_.set_capacity(queue::MemoryFileSystem::kNever);
  Result<std::vector<Submitted>> again = submit("ffmpeg", large);
  while (!again) {  // the writer looks every second whether there is room
    ASSERT_EQ(again.error().code, Errc::storage_full) << again.error().detail;
    if (loop_.stopped()) loop_.restart();
    loop_.run_one_for(
        std::chrono::milliseconds(10));  // it may have found room while the refusal was on its way
    again = submit("ffmpeg", large);
  }
  EXPECT_TRUE(actor_->status().healthy);
}

TEST_F(QueueActorTest, MoreThanASegmentHoldsIsTooLarge) {
  const auto refused =
      submit("ffmpeg", fmt::format(R"(,"metadata":{{"x":"{}"}})", std::string(1U << 20, 'x')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::too_large);
  EXPECT_TRUE(submit());
}

TEST_F(QueueActorTest, RepeatedSubmitsOfOneKeyUseNoRoomUp) {
  const std::string large =
      fmt::format(R"(,"idempotency_key":"k","metadata":{{"x":"{}"}})", std::string(200'000, 'x'));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(submit("ffmpeg", large)) << i;
  EXPECT_EQ(actor_->queue(10).entries, 1U);
}

TEST_F(QueueActorTest, LargeSubmitsAtOnceAllArriveAndAreReadAgain) {
  const std::string large = fmt::format(R"(,"metadata":{{"x":"{}"}})", std::string(400'000, 'x'));
  std::vector<Started<Result<std::vector<Submitted>>>> all;
  for (int i = 0; i < 12; ++i) all.push_back(begin(actor_->submit(one("ffmpeg", large))));
  for (auto& each : all) EXPECT_TRUE(each.get());
  stop();
  start();
  EXPECT_EQ(actor_->queue(100).entries, 12U);
}

TEST_F(QueueActorTest, EventsOfAJobBeginWithItsStateAndEndWithItsEnd) {
  const JobId id = submit()->front().id;
  const auto events = actor_->subscribe(id, "");
  ASSERT_TRUE(begin(actor_->cancel(id)).get());
  EXPECT_THAT(*begin(events->next(Millis(0), {})).get(), HasSubstr(R"("state":"queued")"));
  EXPECT_THAT(*begin(events->next(Millis(0), {})).get(), HasSubstr(R"("state":"cancelled")"));
  EXPECT_TRUE(events->ended());
}

TEST_F(QueueActorTest, CancelIsSentToTheWorkersControlStream) {
  const auto control = actor_->control("w1");
  auto polling = park(request("w1"));
  const JobId id = submit()->front().id;
  const Grant grant = polling.get()->front();
  EXPECT_EQ(begin(actor_->cancel(id)).get().value(), JobState::cancelling);
  EXPECT_EQ(*begin(control->next(Millis(0), {})).get(),
            fmt::format("event: cancel\ndata: {{\"job_id\":\"{}\",\"lease\":\"{}\"}}\n\n", to_string(id),
                        to_string(grant.token)));
}

TEST_F(QueueActorTest, DrainIsSentToAWorkerThatHoldsItsControlStreamOpen) {
  EXPECT_EQ(actor_->drain_worker("w1").error().code, Errc::not_found);
  Heartbeat beat;
  beat.worker_id = "w1";
  beat.body = "{}";
  ASSERT_TRUE(begin(actor_->heartbeat(beat)).get());
  EXPECT_EQ(actor_->drain_worker("w1").error().code, Errc::conflict);
  const auto control = actor_->control("w1");
  ASSERT_TRUE(actor_->drain_worker("w1"));
  EXPECT_EQ(*begin(control->next(Millis(0), {})).get(), "event: drain\ndata: {}\n\n");
}

}  // namespace
}  // namespace sisyphus::actors
