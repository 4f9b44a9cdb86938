#include "queue/history.hpp"

#include "core/utf8.hpp"
#include "queue/brief.hpp"
#include "tests/queue/queue_fixture.hpp"
#include "tests/support/memory_file_system.hpp"

#include <gmock/gmock.h>

#include <map>
#include <random>

namespace sisyphus::queue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string entry_of(const JobId& job, std::string_view message, std::string_view info) {
  std::string bytes;
  encode_history_entry(job, message, info, bytes);
  return bytes;
}

TEST(HistoryFormat, EntryReadsBackAsItWasWritten) {
  const JobId job = make_uuid();
  const std::string odd("with \0 and \xff", 12);
  for (const auto& text : {HistoryText{"", ""}, HistoryText{odd, ""}, HistoryText{"", R"({"n":19.0})"},
                           HistoryText{std::string(100'000, 'm'), odd}}) {
    const std::string bytes = entry_of(job, text.message, text.info);
    EXPECT_EQ(bytes.size(), history_entry_size(text.message, text.info));
    EXPECT_EQ(decode_history_entry(bytes, job), text);
  }
}

TEST(HistoryFormat, NoFlippedBitAndNoCutGoesUnnoticed) {
  const JobId job = make_uuid();
  const std::string whole = entry_of(job, "it broke", R"({"code":3})");
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_history_entry(bytes, job)) << bit;
  }
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(decode_history_entry(std::string_view(whole).substr(0, length), job)) << length;
  EXPECT_FALSE(decode_history_entry(whole + '\0', job));
}

TEST(HistoryFormat, EntryOfAnotherJobIsNone) {
  EXPECT_FALSE(decode_history_entry(entry_of(make_uuid(), "m", ""), make_uuid()));
}

TEST(HistoryFormat, NoFlippedBitOfAHeaderGoesUnnoticed) {
  const std::string whole = encode_history_header(7);
  EXPECT_TRUE(is_history_header(whole, 7));
  EXPECT_FALSE(is_history_header(whole, 8));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(is_history_header(bytes, 7)) << bit;
  }
}

constexpr std::uint64_t kSmall = 512;  // bytes of a segment

// The history's files and the space that they are written from, with a server's place between them.
class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { open(); }

  // A server starts that knows of `kept_`.
  void open() {
    history_.reset();
    space_ = HistorySpace(kSmall);
    for (const auto& [job, place] : kept_) space_.take(place);
    auto history = History::open(disk_, "j", space_);
    ASSERT_TRUE(history) << history.error().detail;
    history_ = std::move(*history);
    space_.begin_at(history_->end());
  }
  JobId end_job(std::string_view message, std::string_view info = "") {
    const JobId job = make_uuid();
    kept_[job] = space_.add(job, message, info);
    space_.take(kept_[job]);
    return job;
  }
  void forget(const JobId& job) {
    space_.drop(kept_.at(job));
    kept_.erase(job);
  }
  // As a batch is written.
  Result<std::vector<HistoryLost>> write() {
    work_ = space_.take_work();
    auto lost = history_->write(work_.pieces, records_);
    if (!lost) return lost;
    if (auto synced = history_->sync(); !synced) return synced.error();
    return lost;
  }
  void write_all() {
    const auto lost = write();
    ASSERT_TRUE(lost) << lost.error().detail;
    EXPECT_THAT(*lost, IsEmpty());
    ASSERT_TRUE(history_->clean_up(work_));
  }
  Result<HistoryText> read(const JobId& job) { return read_history(disk_, "j", kept_.at(job), job); }
  std::vector<std::string> files() { return disk_.list("j/history").value(); }
  void overwrite(const std::string& path, std::string_view bytes) {
    auto file = disk_.create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(0, bytes));
  }

  MemoryFileSystem disk_;
  HistorySpace space_;
  std::unique_ptr<History> history_;
  HistoryWork work_;
  std::string records_;
  std::map<JobId, HistoryPlace> kept_;
};

TEST_F(HistoryTest, WithoutTextsThereIsNoFileAndNoCallOfTheDisk) {
  const std::uint64_t calls = disk_.calls();
  write_all();
  EXPECT_EQ(disk_.calls(), calls);
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(HistoryTest, TextsOfOneBatchAreOneWriteAndOneSync) {
  end_job("first");
  write_all();
  for (const char* const message : {"a", "b", "c"}) end_job(message);
  const std::uint64_t calls = disk_.calls();
  write_all();
  EXPECT_EQ(disk_.calls(), calls + 2);
}

TEST_F(HistoryTest, TextIsThereAfterALossOfPowerAndRestarts) {
  std::minstd_rand random(3);
  std::map<JobId, HistoryText> expected;
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = random() % 4; i != 0; --i) {
      const HistoryText text{std::string(random() % 300, 'm'), fmt::format(R"({{"n":{}}})", round)};
      expected[end_job(text.message, text.info)] = text;
    }
    write_all();
    history_.reset();
    if (random() % 2 == 0) disk_.lose_power(random);
    open();
    EXPECT_THAT(history_->troubles(), IsEmpty());
    for (const auto& [job, text] : expected) ASSERT_EQ(read(job).value(), text) << "round " << round;
  }
  EXPECT_GT(files().size(), 10U);
}

TEST_F(HistoryTest, SegmentGoesWithTheLastOfItsJobsAndNotBefore) {
  const JobId first = end_job(std::string(200, 'a'));
  const JobId second = end_job(std::string(200, 'b'));
  write_all();
  const JobId third = end_job(std::string(200, 'c'));
  write_all();
  EXPECT_THAT(files(), ElementsAre("text-0000000001.log", "text-0000000002.log"));
  forget(first);
  write_all();
  EXPECT_TRUE(read(second));
  forget(second);
  EXPECT_THAT(files(),
              ElementsAre("text-0000000001.log", "text-0000000002.log"));  // the batch is not there yet
  write_all();
  EXPECT_THAT(files(), ElementsAre("text-0000000002.log"));
  EXPECT_TRUE(read(third));
}

TEST_F(HistoryTest, SegmentThatIsFilledStaysUntilTheNextOneIsBegun) {
  forget(end_job(std::string(300, 'a')));
  write_all();
  EXPECT_THAT(files(), ElementsAre("text-0000000001.log"));
  end_job(std::string(300, 'b'));
  write_all();
  EXPECT_THAT(files(), ElementsAre("text-0000000002.log"));
}

TEST_F(HistoryTest, TextThatIsLargerThanASegmentHasOneOfItsOwn) {
  end_job("small");
  const JobId large = end_job(std::string(3 * kSmall, 'x'));
  const JobId after = end_job("after");
  write_all();
  EXPECT_EQ(kept_.at(large).segment, 2U);
  EXPECT_EQ(kept_.at(after).segment, 3U);
  EXPECT_EQ(read(large)->message.size(), 3 * kSmall);
}

TEST_F(HistoryTest, StartRemovesFilesThatNobodyRefersTo) {
  const JobId first = end_job(std::string(400, 'a'));
  const JobId second = end_job(std::string(400, 'b'));
  write_all();
  overwrite("j/history/text-0000000009.log.tmp", "half");
  kept_.erase(first);
  open();
  EXPECT_THAT(files(), ElementsAre("text-0000000002.log"));
  EXPECT_TRUE(read(second));
  kept_.clear();
  open();
  EXPECT_THAT(files(), IsEmpty());
  end_job("new");
  EXPECT_EQ(kept_.begin()->second.segment, 3U);  // no number comes twice while somebody remembers it
}

TEST_F(HistoryTest, FileCutAtEveryByteIsToldByFileAndByteAndNothingElseIsLost) {
  const JobId first = end_job("first", "{}");
  const JobId second = end_job("second");
  write_all();
  const std::string path = history_path("j", 1);
  const std::string whole = disk_.read(path).value();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    overwrite(path, std::string_view(whole).substr(0, length));
    open();
    const auto text = read(second);
    ASSERT_FALSE(text) << length;
    EXPECT_EQ(text.error().detail, fmt::format("{} is damaged at byte {}", path, kept_.at(second).offset));
    EXPECT_EQ(read(first).has_value(), length >= kept_.at(second).offset) << length;
    const JobId third = end_job("third");  // goes behind what is referred to, be it there or not
    write_all();
    EXPECT_EQ(read(third)->message, "third");
    ASSERT_FALSE(read(second)) << length;
    kept_.erase(third);
  }
}

TEST_F(HistoryTest, MissingFileIsToldAtTheStartAndIsNoReasonToRefuse) {
  const JobId job = end_job("gone");
  write_all();
  ASSERT_TRUE(disk_.remove(history_path("j", 1)));
  open();
  EXPECT_THAT(history_->troubles(), ElementsAre(HasSubstr("text-0000000001.log is not there")));
  EXPECT_THAT(read(job).error().detail, HasSubstr("text-0000000001.log"));
  const JobId next = end_job("next");
  write_all();
  EXPECT_EQ(read(next)->message, "next");
}

TEST_F(HistoryTest, FullDiskCostsTheTextsOfThatBatchAndTheRecordSaysSo) {
  end_job("before");
  write_all();
  const std::uint64_t used = disk_.used();
  disk_.set_capacity(used);
  const JobId lost = end_job("lost");
  const auto told = write();
  ASSERT_TRUE(told) << told.error().detail;
  ASSERT_EQ(told->size(), 1U);
  EXPECT_EQ(told->front().segment, 1U);
  EXPECT_EQ(told->front().begin, kept_.at(lost).offset);
  EXPECT_EQ(told->front().end, kept_.at(lost).offset + kept_.at(lost).size);
  const auto records = records_of(records_);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_STREQ(type_name(records.front()), "history_lost");
  forget(lost);
  // The next segment cannot be made either.
  const JobId large = end_job(std::string(kSmall, 'x'));
  const auto again = write();
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->size(), 1U);
  forget(large);
  disk_.set_capacity(MemoryFileSystem::kNever);
  const JobId after = end_job("after");
  write_all();
  EXPECT_EQ(read(after)->message, "after");
}

TEST_F(HistoryTest, FailedSyncIsAnErrorEvenWhenItSaysThatTheDiskIsFull) {
  for (const int error : {EIO, ENOSPC}) {
    end_job("first");
    write_all();
    end_job("second");
    disk_.fail_from_call(1, error);  // the write is done
    EXPECT_FALSE(write());
    disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    open();
  }
  // Of the full segment, when the next one is begun.
  end_job("third");
  work_ = space_.take_work();
  ASSERT_TRUE(history_->write(work_.pieces, records_));
  end_job(std::string(kSmall, 'x'));
  disk_.fail_from_call(0, ENOSPC);
  EXPECT_FALSE(write());
}

TEST_F(HistoryTest, WhatAPersonRemovedIsOverwrittenOnceTheBatchIsThere) {
  const JobId removed = end_job("secret");
  const JobId other = end_job("other");
  write_all();
  space_.erase(kept_.at(removed));
  forget(removed);
  EXPECT_THAT(disk_.read(history_path("j", 1)).value(), HasSubstr("secret"));
  write_all();
  EXPECT_THAT(disk_.read(history_path("j", 1)).value(), testing::Not(HasSubstr("secret")));
  EXPECT_EQ(read(other)->message, "other");
}

// What a finished job says is in the history, what the journal keeps of it is short.
class JobQueueText : public QueueTest {
 protected:
  static std::string long_text() { return std::string(100'000, 'x'); }
};

TEST_F(JobQueueText, CompletionWithoutTextNeedsNoPlace) {
  const JobId id = submit();
  ASSERT_TRUE(complete(done(grant())));
  EXPECT_FALSE(queue_->text_of(id));
  EXPECT_TRUE(queue_->take_changes().history.empty());
}

TEST_F(JobQueueText, ShortMessageIsInTheJournalItself) {
  const JobId id = submit();
  ASSERT_TRUE(complete(done(grant(), true)));
  EXPECT_FALSE(queue_->text_of(id));
  EXPECT_EQ(view(id).message, "it broke");
}

TEST_F(JobQueueText, LongMessageIsKeptInFullAndTheJournalHasItsBeginningAndEnd) {
  const JobId id = submit();
  Completion completion = done(grant(), true);
  completion.message = "it broke: " + long_text() + ": no such filter";
  ASSERT_TRUE(complete(completion));
  EXPECT_EQ(said(id).message, completion.message);
  EXPECT_LE(view(id).message.size(), kBrief);
  EXPECT_THAT(view(id).message, testing::StartsWith("it broke: xxx"));
  EXPECT_THAT(view(id).message, testing::EndsWith("xxx: no such filter"));
  EXPECT_LT(queue_->take_changes().records.size(), 1500U);
}

TEST_F(JobQueueText, ReasonsOfAttemptsAreShort) {
  const JobId id = submit();
  Completion completion = done(grant(), true, true);
  completion.message = long_text();
  ASSERT_TRUE(complete(completion));
  pass_backoff();
  ASSERT_TRUE(queue_->hand_back({id, grant().token, long_text()}, now_));
  for (const Attempt& attempt : view(id).attempts) EXPECT_LE(attempt.reason.size(), kBrief);
  EXPECT_LE(view(id).message.size(), kBrief);
}

TEST_F(JobQueueText, RetryDropsTheTextAndKeepsTheMessageAsAReason) {
  const JobId id = submit();
  Completion completion = done(grant(), true);
  completion.info = "{}";
  ASSERT_TRUE(complete(completion));
  ASSERT_EQ(queue_->table().history().used().size(), 1U);
  ASSERT_TRUE(queue_->retry(id, now_));
  EXPECT_FALSE(queue_->text_of(id));
  EXPECT_EQ(queue_->table().history().used().size(), 0U);
  EXPECT_EQ(view(id).attempts.back().reason, "it broke");
}

TEST_F(JobQueueText, RemovalByAPersonAsksForItsTextToBeErased) {
  const JobId id = submit();
  Completion completion = done(grant());
  completion.info = "{}";
  ASSERT_TRUE(complete(completion));
  const HistoryPlace place = queue_->text_of(id);
  ASSERT_TRUE(queue_->remove(id, now_));
  EXPECT_THAT(queue_->take_changes().history.erased, ElementsAre(place));
}

TEST_F(JobQueueText, TextThatTheDiskHadNoRoomForIsReplacedByANoteThatOutlivesARestart) {
  std::vector<JobId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(submit());
    Completion completion = done(grant(), i == 1);
    completion.info = "{}";
    ASSERT_TRUE(complete(completion));
  }
  auto changes = queue_->take_changes();
  const HistoryPlace second = queue_->text_of(ids[1]);
  const HistoryLost lost{second.segment, second.offset, second.offset + second.size};
  queue_->history_lost(lost);
  log_ = changes.records;
  encode(lost, log_);
  for (int starts = 0; starts < 2; ++starts) {
    EXPECT_EQ(view(ids[1]).message, "it broke (what else it said was not kept: the disk was full)");
    EXPECT_EQ(state(ids[1]), JobState::failed);
    EXPECT_FALSE(queue_->text_of(ids[1]));
    EXPECT_TRUE(queue_->text_of(ids[0]));
    EXPECT_TRUE(queue_->text_of(ids[2]));
    restart();
  }
}

TEST_F(JobQueueText, BriefTextStaysUtf8) {
  for (std::size_t ahead = 0; ahead < 4; ++ahead) {
    const JobId id = submit();
    Completion completion = done(grant(), true);
    completion.message = std::string(ahead, 'a');
    while (completion.message.size() < 2000) completion.message += "ü€";
    ASSERT_TRUE(complete(completion));
    EXPECT_LE(view(id).message.size(), kBrief);
    EXPECT_EQ(view(id).message, to_valid_utf8(view(id).message));
  }
}

// A bound by age, on a clock that is told what time it is.
class JobQueueAge : public QueueTest {
 protected:
  static constexpr Millis kAge = 24h * 10;
  JobQueueAge() { start(); }

  void start() {
    Policy policy;
    policy.history_age = kAge;
    auto fresh = std::make_unique<JobQueue>(policy, 1);
    for (const Record& record : records_of(log_)) EXPECT_TRUE(fresh->replay(record));
    fresh->open(now_);
    queue_ = std::move(fresh);
  }
  void restart() {
    log_ += queue_->take_changes().records;
    start();
  }
  JobId ended() {
    const JobId id = submit();
    EXPECT_TRUE(complete(done(grant())));
    return id;
  }
  bool known(const JobId& id) const { return queue_->view(id).has_value(); }
  void pass_until_deadline() {
    const auto deadline = queue_->next_deadline();
    ASSERT_TRUE(deadline);
    pass(std::chrono::duration_cast<Millis>(*deadline - now_.steady));
  }
  void set_clock(Millis by) {
    now_.wall += by;
    pass(Millis(0));
  }
};

TEST_F(JobQueueAge, FinishedJobIsForgottenWhenItIsOldAndNotBefore) {
  pass(2h);
  const JobId first = ended();
  pass(1h);
  const JobId second = ended();
  pass(kAge - 1h - 1ms);
  EXPECT_TRUE(known(first));
  pass_until_deadline();
  EXPECT_FALSE(known(first));
  EXPECT_TRUE(known(second));
  pass_until_deadline();
  EXPECT_FALSE(known(second));
  EXPECT_FALSE(queue_->next_deadline());
}

TEST_F(JobQueueAge, WhatIsForgottenIsSoByARecord) {
  const JobId id = ended();
  pass(kAge);
  ASSERT_FALSE(known(id));
  restart();
  EXPECT_FALSE(known(id));
}

TEST_F(JobQueueAge, AfterAStartAnHourPassesBeforeAnythingIsForgotten) {
  const JobId id = ended();
  log_ += queue_->take_changes().records;
  now_.wall += kAge * 3;
  now_.steady += 1s;  // another boot, another steady clock
  start();
  pass(1h - 1ms);
  EXPECT_TRUE(known(id));
  pass_until_deadline();
  EXPECT_FALSE(known(id));
}

TEST_F(JobQueueAge, ClockThatIsSetForwardByMistakeAndBackWithinTheHourCostsNothing) {
  pass(2h);
  const JobId id = ended();
  set_clock(24h * 365 * 70);
  EXPECT_TRUE(known(id));
  pass(59min);
  EXPECT_TRUE(known(id));
  set_clock(-24h * 365 * 70);
  pass(1h);
  EXPECT_TRUE(known(id));
  pass(kAge - 2h);
  EXPECT_TRUE(known(id));
  pass_until_deadline();
  EXPECT_FALSE(known(id));
}

TEST_F(JobQueueAge, ClockThatStaysForwardIsBelievedAfterAnHour) {
  pass(2h);
  const JobId id = ended();
  set_clock(kAge * 2);
  pass(1h);
  EXPECT_FALSE(known(id));
}

TEST_F(JobQueueAge, ManyAreForgottenInTurnsOfAThousand) {
  for (int i = 0; i < 2500; ++i) ended();
  pass(kAge);
  EXPECT_EQ(queue_->size(), 1500U);
  pass_until_deadline();
  pass_until_deadline();
  EXPECT_EQ(queue_->size(), 0U);
}

TEST_F(JobQueueAge, ZeroIsForEver) {
  queue_ = std::make_unique<JobQueue>(Policy(), 1);
  queue_->open(now_);
  const JobId id = ended();
  EXPECT_FALSE(queue_->next_deadline());
  pass(24h * 10'000);
  EXPECT_TRUE(known(id));
}

}  // namespace
}  // namespace sisyphus::queue
