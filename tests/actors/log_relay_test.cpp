#include "actors/log_relay.hpp"

#include "core/parse_json.hpp"
#include "tests/actors/loop_fixture.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>

namespace sisyphus::actors {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
using Log = Result<std::unique_ptr<EventStream>>;

class LogRelayTest : public testing::Test {
 protected:
  struct Order {
    std::string type;  // empty: there was none
    boost::json::object data;
    std::string stream() const { return std::string(data.at("stream").as_string()); }
  };

  // The next thing that the worker is told.
  Order order() {
    const auto event = Started(loop_, control_stream_->next(Millis(0), {})).get();
    if (!event) return {};
    const std::size_t data = event->find("data: ");
    const std::string type = event->substr(7, data - 8);
    return {type, parse_json(event->substr(data + 6)).value().as_object()};
  }

  JobView running(int attempt = 1, const std::string& worker = "w1") const {
    JobView job;
    job.id = id_;
    job.state = JobState::running;
    job.attempt = attempt;
    job.worker_id = worker;
    job.started_at = WallTime(Millis(1));
    return job;
  }
  JobView waiting() const {
    JobView job;
    job.id = id_;
    return job;
  }
  queue::Effect became(JobState state, int attempt = 1, const std::string& worker = "",
                       const std::string& message = "") const {
    queue::Effect effect;
    effect.id = id_;
    effect.state = state;
    effect.attempt = static_cast<std::uint32_t>(attempt);
    effect.worker_id = worker;
    effect.message = message;
    return effect;
  }

  Started<Log> ask(JobView job, bool follow, std::size_t lines = kAll) {
    Started<Log> asked(loop_, relay_.read_log(std::move(job), lines, follow));
    settle(loop_);
    return asked;
  }
  // Follows the running job; the worker has answered with `first`.
  std::unique_ptr<EventStream> followed(const std::string& first, std::size_t lines = kAll) {
    auto asked = ask(running(), true, lines);
    stream_ = order().stream();
    send(0, first);
    return std::move(asked.get().value());
  }
  Errc send(std::uint64_t place, const std::string& text) {
    const auto added = relay_.add_log(id_, {stream_, place, text});
    settle(loop_);
    return added ? Errc{} : added.error().code;
  }
  std::string text(EventStream& log) {
    const auto piece = Started(loop_, log.next(Millis(0), {})).get();
    return piece ? *piece : "";
  }

  asio::io_context loop_;
  ControlHub control_{loop_.get_executor()};
  std::unique_ptr<EventStream> control_stream_ = control_.open("w1");
  LogRelay relay_{loop_.get_executor(), control_, [](const JobId&) { return "the tail\n"; },
                  std::chrono::hours(1)};
  const JobId id_ = make_uuid();
  std::string stream_;
};

TEST_F(LogRelayTest, LastLinesAreAskedOfTheWorkerWhichThenMayStop) {
  auto asked = ask(running(), false, 2);
  const Order order = this->order();
  EXPECT_EQ(order.type, "log");
  EXPECT_EQ(order.data.at("job_id").as_string(), to_string(id_));
  EXPECT_FALSE(order.data.contains("from"));
  stream_ = order.stream();
  EXPECT_FALSE(asked.done());
  EXPECT_EQ(send(7, "one\ntwo\nthree\n"), Errc{});
  const auto log = asked.get();
  ASSERT_TRUE(log);
  EXPECT_EQ(text(**log), "two\nthree\n");
  EXPECT_TRUE((*log)->ended());
  const Order stop = this->order();
  EXPECT_EQ(stop.type, "log_stop");
  EXPECT_EQ(stop.stream(), stream_);
  EXPECT_EQ(send(21, "four\n"), Errc::not_found);
}

TEST_F(LogRelayTest, FollowersShareOneStreamUntilTheLastHasGone) {
  auto first = followed("one\n");
  EXPECT_EQ(text(*first), "one\n");
  send(4, "two\n");
  auto second = ask(running(), true, 1).get();
  ASSERT_TRUE(second);
  EXPECT_EQ(text(**second), "two\n");
  EXPECT_EQ(order().type, "") << "the worker is asked once";
  send(8, "three\n");
  EXPECT_EQ(text(*first), "two\nthree\n");
  EXPECT_EQ(text(**second), "three\n");
  first.reset();
  EXPECT_EQ(order().type, "");
  EXPECT_EQ(send(14, "four\n"), Errc{});
  EXPECT_EQ(text(**second), "four\n");
  second->reset();
  EXPECT_EQ(order().type, "log_stop");
}

TEST_F(LogRelayTest, EndOfTheJobEndsTheLog) {
  auto log = followed("one\n");
  send(4, "two\n");
  relay_.job_changed(became(JobState::completed, 1, "w1"));
  EXPECT_EQ(text(*log), "one\ntwo\n");
  EXPECT_TRUE(log->ended());
  EXPECT_FALSE(log->broken());
  EXPECT_EQ(order().type, "log_stop");
}

TEST_F(LogRelayTest, JobThatFailsOrIsCancelledSaysSoLast) {
  auto failed = followed("one\n");
  relay_.job_changed(became(JobState::failed, 1, "w1", "exit code 1:\nmore"));
  EXPECT_EQ(text(*failed), "one\n[sisyphus: the job failed: exit code 1:]\n");
  EXPECT_TRUE(failed->ended());
  order();
  auto cancelled = followed("");
  relay_.job_changed(became(JobState::cancelled, 1, "w1"));
  EXPECT_EQ(text(*cancelled), "[sisyphus: the job was cancelled]\n");
}

TEST_F(LogRelayTest, SlowReaderIsLeftBehindAndToldSo) {
  auto slow = followed("");
  auto quick = ask(running(), true).get();
  std::string piece(LogRelay::kKept, 'x');
  piece.back() = '\n';
  std::uint64_t place = 0;
  for (; place <= LogReader::kMostBehind; place += piece.size()) {
    EXPECT_EQ(send(place, piece), Errc{});
    EXPECT_EQ(text(**quick), piece);
  }
  const std::string rest = text(*slow);
  EXPECT_THAT(rest, EndsWith("\n[sisyphus: this reader is too slow and is left behind here]\n"));
  EXPECT_LE(rest.size(), LogReader::kMostBehind + 100);
  EXPECT_TRUE(slow->ended());
  EXPECT_TRUE(slow->broken());
  EXPECT_FALSE((*quick)->broken());
  quick->reset();
  EXPECT_EQ(order().type, "log_stop") << "nobody else is left";
}

TEST_F(LogRelayTest, WorkerThatComesBackIsAskedForWhatFollows) {
  auto log = followed("one\n");
  control_stream_ = control_.open("w1");
  relay_.worker_connected("w1");
  const Order again = order();
  EXPECT_EQ(again.type, "log");
  EXPECT_EQ(again.data.at("from").as_int64(), 4);
  EXPECT_EQ(send(4, "two\n"), Errc::not_found) << "of the stream before";
  stream_ = again.stream();
  send(4, "two\n");
  EXPECT_EQ(text(*log), "one\ntwo\n");
}

TEST_F(LogRelayTest, PieceThatComesTwiceIsPassedOnOnceAndAGapIsNamed) {
  auto log = followed("one\n");
  send(0, "one\ntwo\n");
  send(4, "two\n");
  send(108, "three\n");
  EXPECT_EQ(text(*log), "one\ntwo\n[... 100 bytes are left out here ...]\nthree\n");
}

TEST_F(LogRelayTest, NextAttemptIsFollowedFromItsBeginning) {
  auto log = followed("one\n");
  relay_.job_changed(became(JobState::queued, 1, "", "the worker was lost"));
  EXPECT_EQ(order().type, "log_stop");
  EXPECT_EQ(send(4, "two\n"), Errc::not_found);
  auto second_worker = control_.open("w2");
  std::swap(control_stream_, second_worker);
  relay_.job_changed(became(JobState::running, 2, "w2"));
  const Order asked = order();
  EXPECT_EQ(asked.data.at("from").as_int64(), 0);
  stream_ = asked.stream();
  send(0, "again\n");
  EXPECT_EQ(
      text(*log),
      "one\n[sisyphus: the job waits again: the worker was lost]\n[sisyphus: attempt 2, worker w2]\nagain\n");
}

TEST_F(LogRelayTest, WaitingJobHasNoLogButCanBeFollowed) {
  EXPECT_EQ(ask(waiting(), false).get().error().code, Errc::conflict);
  auto log = ask(waiting(), true).get();
  ASSERT_TRUE(log);
  EXPECT_EQ(order().type, "");
  relay_.job_changed(became(JobState::running, 1, "w1"));
  stream_ = order().stream();
  send(0, "one\n");
  EXPECT_EQ(text(**log), "[sisyphus: attempt 1, worker w1]\none\n");
}

TEST_F(LogRelayTest, JobThatWasOverBeforeItsWorkerCouldBeAskedShowsItsTail) {
  auto log = ask(waiting(), true).get();
  relay_.job_changed(became(JobState::running, 1, "w9"));
  relay_.job_changed(became(JobState::completed, 1, "w9"));
  EXPECT_EQ(text(**log), "[sisyphus: attempt 1, worker w9]\nthe tail\n");
  EXPECT_TRUE((*log)->ended());
}

TEST_F(LogRelayTest, PauseAndRepeatedNewsChangeNothing) {
  auto log = followed("one\n");
  relay_.job_changed(became(JobState::running, 1, "w1"));
  relay_.job_changed(became(JobState::paused, 1, "w1"));
  EXPECT_EQ(order().type, "");
  EXPECT_EQ(text(*log), "one\n");
}

TEST_F(LogRelayTest, WorkerThatDoesNotAnswerIsNamed) {
  LogRelay impatient(loop_.get_executor(), control_, {}, Millis(1));
  const auto silent = Started(loop_, impatient.read_log(running(), kAll, true)).get();
  EXPECT_EQ(silent.error().code, Errc::timeout);
  EXPECT_THAT(silent.error().detail, HasSubstr("worker w1 sent no log"));
  EXPECT_EQ(order().type, "log");
  EXPECT_EQ(order().type, "log_stop");
  const auto away = Started(loop_, impatient.read_log(running(1, "w9"), kAll, false)).get();
  EXPECT_EQ(away.error().code, Errc::timeout);
  EXPECT_THAT(away.error().detail, HasSubstr("worker w9, which has job"));
}

TEST_F(LogRelayTest, OriginalClientHasNone) {
  JobView job = running();
  job.anonymous = true;
  EXPECT_EQ(ask(job, true).get().error().code, Errc::conflict);
  EXPECT_EQ(order().type, "");
}

TEST_F(LogRelayTest, JobThatEndsBeforeTheWorkerAnsweredIsAConflict) {
  auto asked = ask(running(), true);
  relay_.job_changed(became(JobState::completed, 1, "w1"));
  EXPECT_EQ(asked.get().error().code, Errc::conflict);
}

TEST_F(LogRelayTest, WhatIsNoUtf8IsReplaced) {
  auto log = followed("\xFFone\n");
  EXPECT_EQ(text(*log), "\xEF\xBF\xBDone\n");
}

TEST_F(LogRelayTest, ReadersAreLimited) {
  std::vector<std::unique_ptr<EventStream>> readers;
  for (std::size_t i = 0; i < LogRelay::kMostReaders; ++i)
    readers.push_back(std::move(ask(waiting(), true).get().value()));
  EXPECT_EQ(ask(waiting(), true).get().error().code, Errc::unavailable);
  readers.pop_back();
  EXPECT_TRUE(ask(waiting(), true).get());
}

TEST_F(LogRelayTest, EndOfTheServerBreaksOffAllLogs) {
  auto log = followed("one\n");
  relay_.close();
  EXPECT_EQ(text(*log), "one\n[sisyphus: the server stops]\n");
  EXPECT_TRUE(log->ended());
  EXPECT_TRUE(log->broken());
  EXPECT_EQ(ask(running(), true).get().error().code, Errc::unavailable);
}

TEST_F(LogRelayTest, ReaderThatHangsUpBreaksOffALogThatIsNotAtItsEnd) {
  std::stop_source hangup;
  hangup.request_stop();
  auto log = followed("");
  Started(loop_, log->next(Millis(0), hangup.get_token())).get();
  EXPECT_TRUE(log->broken());
  log.reset();
  EXPECT_EQ(order().type, "log_stop");
  auto whole = followed("");
  relay_.job_changed(became(JobState::completed, 1, "w1"));
  Started(loop_, whole->next(Millis(0), hangup.get_token())).get();
  EXPECT_FALSE(whole->broken());
}

}  // namespace
}  // namespace sisyphus::actors
