#include "actors/log_sender.hpp"

#include "core/task_group.hpp"
#include "tests/actors/loop_fixture.hpp"
#include "tests/support/temp_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <vector>

namespace sisyphus::actors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LogSenderTest : public testing::Test {
 protected:
  LogSenderTest() {
    log_.emplace(folder_ + "/a.log");
    group_.spawn("logs", sender_.run());
    sender_.job_started(job_, *log_);
  }
  ~LogSenderTest() override {
    group_.cancel();
    while (group_.size() != 0) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
    log_.reset();
  }

  // The server: keeps what comes, and answers as the test says.
  asio::awaitable<Result<void>> take(LogPiece piece) {
    sent_.push_back(fmt::format("{} {} {}", piece.stream, piece.place, piece.text));
    if (answers_.empty()) co_return Result<void>();
    const Errc code = answers_.front();
    answers_.pop_front();
    co_return Error{code, "no", {}};
  }
  // Turns the loop until so many pieces were sent.
  void turn_until_sent(std::size_t count) {
    while (sent_.size() < count) {
      if (loop_.stopped()) loop_.restart();
      loop_.run_one();
    }
  }
  asio::awaitable<bool> finished() {
    co_await sender_.finish(job_, &*log_);
    co_return true;
  }

  asio::io_context loop_;
  TaskGroup group_{loop_.get_executor()};
  const JobId job_ = make_uuid();
  TempFolder temporary_;
  std::string folder_ = temporary_.path().string();
  std::optional<JobLog> log_;
  std::vector<std::string> sent_;
  std::deque<Errc> answers_;  // that are failures, in order; then all goes well
  LogSender sender_{loop_.get_executor(), [this](JobId, LogPiece piece) { return take(std::move(piece)); }};
};

TEST_F(LogSenderTest, NothingIsSentWhileNobodyReads) {
  log_->add("one");
  settle(loop_);
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(LogSenderTest, WhatIsThereIsSentAndThenWhatComes) {
  log_->add("one");
  sender_.open(job_, "s", std::nullopt);
  turn_until_sent(1);
  log_->add("two");
  turn_until_sent(2);
  EXPECT_THAT(sent_, ElementsAre("s 0 one\n", "s 4 two\n"));
}

TEST_F(LogSenderTest, ReaderOfALogThatIsStillEmptyIsAnswered) {
  sender_.open(job_, "s", std::nullopt);
  turn_until_sent(1);
  settle(loop_);
  EXPECT_THAT(sent_, ElementsAre("s 0 "));
}

TEST_F(LogSenderTest, BeginsWithTheLastLinesOrWhereItIsTold) {
  const std::string line(999, 'x');
  for (int i = 0; i < 300; ++i) log_->add(line);
  sender_.open(job_, "last", std::nullopt);
  turn_until_sent(1);
  EXPECT_TRUE(sent_.front().starts_with("last 169000 "));
  settle(loop_);
  EXPECT_EQ(sent_.size(), 1U);
  sender_.open(job_, "all", 298'000);
  turn_until_sent(2);
  EXPECT_EQ(sent_.back(), fmt::format("all 298000 {0}\n{0}\n", line));
}

TEST_F(LogSenderTest, OrderMayComeBeforeItsJob) {
  const JobId later = make_uuid();
  JobLog log(folder_ + "/later.log");
  sender_.open(later, "s", 0);
  settle(loop_);
  EXPECT_THAT(sent_, IsEmpty());
  sender_.job_started(later, log);
  turn_until_sent(1);
  EXPECT_THAT(sent_, ElementsAre("s 0 "));
  sender_.job_ended(later, log);
}

TEST_F(LogSenderTest, StopsWhenNobodyReadsAnyMore) {
  sender_.open(job_, "s", 0);
  answers_ = {Errc::not_found};
  turn_until_sent(1);
  settle(loop_);
  log_->add("one");
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_, ElementsAre("s 0 "));
}

TEST_F(LogSenderTest, ClosesOnlyTheStreamThatIsMeant) {
  sender_.open(job_, "old", 0);
  sender_.open(job_, "new", 0);
  sender_.close(job_, "old");
  turn_until_sent(1);
  settle(loop_);
  sender_.close(job_, "new");
  log_->add("one");
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_, ElementsAre("new 0 "));
}

TEST_F(LogSenderTest, BrokenControlStreamEndsAll) {
  log_->add("one");
  sender_.open(job_, "s", 0);
  sender_.close_all();
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(LogSenderTest, WhatTheServerDidNotGetIsSentAgain) {
  log_->add("one");
  answers_ = {Errc::network, Errc::timeout};
  sender_.open(job_, "s", 0);
  turn_until_sent(3);
  EXPECT_THAT(sent_, ElementsAre("s 0 one\n", "s 0 one\n", "s 0 one\n"));
}

TEST_F(LogSenderTest, WhyTheLogCannotBeWrittenIsSent) {
  JobLog log(folder_ + "/none/a.log");
  const JobId job = make_uuid();
  sender_.job_started(job, log);
  sender_.open(job, "s", 0);
  turn_until_sent(1);
  EXPECT_THAT(sent_, ElementsAre("s 0 ")) << "nothing was said yet";
  log.add("one");
  turn_until_sent(2);
  EXPECT_THAT(sent_.back(), HasSubstr("the rest is left out here: cannot open"));
  sender_.job_ended(job, log);
}

TEST_F(LogSenderTest, LogThatCannotBeReadSaysSoLast) {
  log_->add("one");
  log_->flush();
  std::filesystem::remove(folder_ + "/a.log");
  answers_ = {Errc::network};
  sender_.open(job_, "s", 0);
  turn_until_sent(2);
  settle(loop_);
  log_->add("two");
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_,
              ElementsAre(HasSubstr("s 0 [... the rest is left out here: cannot open"), sent_.front()));
}

TEST_F(LogSenderTest, RestIsSentBeforeTheEnd) {
  sender_.open(job_, "s", 0);
  turn_until_sent(1);
  const std::string line(LogSender::kPiece / 2 - 1, 'x');
  for (int i = 0; i < 5; ++i) log_->add(line);
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_EQ(sent_.size(), 4U);
  EXPECT_TRUE(sent_.back().starts_with(fmt::format("s {} ", 2 * LogSender::kPiece)));
  log_->add("late");
  settle(loop_);
  EXPECT_EQ(sent_.size(), 4U) << "the job is over";
}

TEST_F(LogSenderTest, ServerThatDoesNotAnswerDoesNotHoldTheJob) {
  log_->add("one");
  answers_.assign(1000, Errc::network);
  sender_.open(job_, "s", 0);
  EXPECT_TRUE(Started(loop_, finished()).get());
  EXPECT_THAT(sent_, testing::Each("s 0 one\n"));
}

}  // namespace
}  // namespace sisyphus::actors
