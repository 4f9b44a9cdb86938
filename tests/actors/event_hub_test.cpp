#include "actors/event_hub.hpp"

#include "actors/event_queue.hpp"
#include "tests/actors/loop_fixture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sisyphus::actors {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EventHubTest : public testing::Test {
 protected:
  // The data (or, for a resync, the type) of all that the stream has ready.
  std::vector<std::string> ready(EventStream& stream) {
    std::vector<std::string> all;
    for (;;) {
      const auto event = Started(loop_, stream.next(Millis(0), {})).get();
      if (!event) return all;
      const std::size_t at = event->find("data: ") + 6;
      all.push_back(event->starts_with("event: resync") ? "resync"
                                                        : event->substr(at, event->size() - at - 2));
    }
  }
  void publish(int count, int from = 0) {
    for (int i = from; i < from + count; ++i) hub_.publish("state", std::nullopt, std::to_string(i));
  }

  asio::io_context loop_;
  EventHub hub_{loop_.get_executor(), 7};
  const JobId job_ = make_uuid();
};

TEST_F(EventHubTest, EveryReaderGetsEveryEventInOrder) {
  const auto first = hub_.subscribe(std::nullopt, "");
  publish(2);
  const auto second = hub_.subscribe(std::nullopt, "");
  publish(1, 2);
  EXPECT_THAT(ready(*first), ElementsAre("0", "1", "2"));
  EXPECT_THAT(ready(*second), ElementsAre("2"));
  EXPECT_FALSE(first->ended());
}

TEST_F(EventHubTest, IdsHoldTheStartAndGrow) {
  const auto stream = hub_.subscribe(std::nullopt, "");
  publish(2);
  EXPECT_EQ(*Started(loop_, stream->next(Millis(0), {})).get(), "id: 7-1\nevent: state\ndata: 0\n\n");
  EXPECT_EQ(*Started(loop_, stream->next(Millis(0), {})).get(), "id: 7-2\nevent: state\ndata: 1\n\n");
}

TEST_F(EventHubTest, SlowReaderLosesItsEventsAndIsToldSo) {
  const auto slow = hub_.subscribe(std::nullopt, "");
  const auto quick = hub_.subscribe(std::nullopt, "");
  const int limit = static_cast<int>(EventQueue::kLimit);
  publish(limit);
  EXPECT_EQ(ready(*quick).size(), EventQueue::kLimit);
  publish(3, limit);
  EXPECT_THAT(ready(*slow), ElementsAre("resync", std::to_string(limit), std::to_string(limit + 1),
                                        std::to_string(limit + 2)));
  EXPECT_EQ(ready(*quick).size(), 3U);
}

TEST_F(EventHubTest, SlowReaderOfOneJobIsToldItsEndAllTheSame) {
  const auto slow = hub_.subscribe(job_, "");
  for (std::size_t i = 0; i < EventQueue::kLimit; ++i) hub_.publish("progress", job_, "progress");
  hub_.publish("state", job_, "completed", true);
  EXPECT_THAT(ready(*slow), ElementsAre("resync", "completed"));
  EXPECT_TRUE(slow->ended());
}

TEST_F(EventHubTest, ReaderThatNeverReadsHoldsABoundedNumberOfEvents) {
  const auto stuck = hub_.subscribe(std::nullopt, "");
  publish(20 * static_cast<int>(EventQueue::kLimit));
  EXPECT_LE(ready(*stuck).size(), EventQueue::kLimit);
}

TEST_F(EventHubTest, ReaderThatComesBackResumesWhereItWas) {
  publish(5);
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-3")), ElementsAre("3", "4"));
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-5")), IsEmpty());
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-0")), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EventHubTest, IdThatIsNotKnownIsAResync) {
  publish(2);
  for (const char* const id : {"6-1", "8-1", "7-3", "7-", "7", "x", "7-1x", "-1"}) {
    EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, id)), ElementsAre("resync")) << id;
  }
}

TEST_F(EventHubTest, EventsAreWantedWhileSomebodyReadsAndAWhileAfter) {
  EXPECT_FALSE(hub_.wanted());
  auto stream = hub_.subscribe(std::nullopt, "");
  EXPECT_TRUE(hub_.wanted());
  stream.reset();
  EXPECT_TRUE(hub_.wanted());
}

TEST_F(EventHubTest, ReaderThatMissedEventsNobodyWantedIsToldSo) {
  publish(2);
  hub_.skip();
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-1")), ElementsAre("resync"));
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-2")), ElementsAre("resync"));
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-3")), IsEmpty());
  publish(1, 3);
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-2")), ElementsAre("resync"));
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-3")), ElementsAre("3"));
}

TEST_F(EventHubTest, IdThatIsTooOldIsAResync) {
  publish(5000);
  EXPECT_THAT(ready(*hub_.subscribe(std::nullopt, "7-900")), ElementsAre("resync"));
  EXPECT_EQ(ready(*hub_.subscribe(std::nullopt, "7-4000")).size(), 1000U);
}

TEST_F(EventHubTest, StreamOfOneJobHoldsItsEventsAndEndsAfterTheLast) {
  const auto stream = hub_.subscribe(job_, "");
  hub_.publish("state", make_uuid(), "other");
  hub_.publish("state", job_, "running");
  hub_.publish("queue", std::nullopt, "queue");
  hub_.publish("state", job_, "completed", true);
  EXPECT_FALSE(stream->ended());
  hub_.publish("state", job_, "late");
  EXPECT_THAT(ready(*stream), ElementsAre("running", "completed"));
  EXPECT_TRUE(stream->ended());
}

TEST_F(EventHubTest, StreamOfAllJobsGoesOnAfterTheEndOfOne) {
  const auto stream = hub_.subscribe(std::nullopt, "");
  hub_.publish("state", job_, "completed", true);
  hub_.publish("state", job_, "removed", true);
  EXPECT_THAT(ready(*stream), ElementsAre("completed", "removed"));
  EXPECT_FALSE(stream->ended());
}

TEST_F(EventHubTest, StreamBeginsWithThePresentStateAndEndsThereWhenItIsTheLast) {
  const auto going = hub_.subscribe_from(job_, "", "data: now\n\n", false);
  const auto over = hub_.subscribe_from(job_, "", "data: now\n\n", true);
  EXPECT_THAT(ready(*going), ElementsAre("now"));
  EXPECT_THAT(ready(*over), ElementsAre("now"));
  EXPECT_FALSE(going->ended());
  EXPECT_TRUE(over->ended());
}

TEST_F(EventHubTest, CloseEndsStreamsAfterWhatTheyHold) {
  const auto stream = hub_.subscribe(std::nullopt, "");
  publish(1);
  hub_.close();
  EXPECT_FALSE(stream->ended());
  EXPECT_THAT(ready(*stream), ElementsAre("0"));
  EXPECT_TRUE(stream->ended());
  EXPECT_TRUE(hub_.subscribe(std::nullopt, "")->ended());
}

TEST_F(EventHubTest, WaitingReaderIsWokenByAnEvent) {
  const auto stream = hub_.subscribe(std::nullopt, "");
  Started next(loop_, stream->next(std::chrono::hours(1), {}));
  settle(loop_);
  EXPECT_FALSE(next.done());
  publish(1);
  settle(loop_);
  ASSERT_TRUE(next.done());
  EXPECT_NE(next.get(), nullptr);
}

TEST_F(EventHubTest, HangupEndsAWaitingStream) {
  const auto stream = hub_.subscribe(std::nullopt, "");
  std::stop_source hangup;
  Started next(loop_, stream->next(std::chrono::hours(1), hangup.get_token()));
  settle(loop_);
  hangup.request_stop();
  EXPECT_EQ(next.get(), nullptr);
  EXPECT_TRUE(stream->ended());
}

TEST_F(EventHubTest, ReaderThatGoesIsForgotten) {
  { const auto stream = hub_.subscribe(std::nullopt, ""); }
  EXPECT_EQ(hub_.subscribers(), 0U);
  publish(1);
}

TEST(ControlHub, SendsToTheWorkersStreamsOnly) {
  asio::io_context loop;
  ControlHub hub(loop.get_executor());
  EXPECT_FALSE(hub.send("w1", "drain", "{}"));
  const auto one = hub.open("w1");
  const auto other = hub.open("w2");
  EXPECT_TRUE(hub.send("w1", "drain", "{}"));
  EXPECT_EQ(*Started(loop, one->next(Millis(0), {})).get(), "event: drain\ndata: {}\n\n");
  EXPECT_EQ(Started(loop, other->next(Millis(0), {})).get(), nullptr);
}

TEST(ControlHub, WorkerThatDoesNotReadIsCutOff) {
  asio::io_context loop;
  ControlHub hub(loop.get_executor());
  const auto stream = hub.open("w1");
  for (std::size_t i = 0; i <= EventQueue::kLimit; ++i) hub.send("w1", "drain", "{}");
  std::size_t read = 0;
  while (Started(loop, stream->next(Millis(0), {})).get()) ++read;
  EXPECT_EQ(read, EventQueue::kLimit);
  EXPECT_TRUE(stream->ended());
}

}  // namespace
}  // namespace sisyphus::actors
