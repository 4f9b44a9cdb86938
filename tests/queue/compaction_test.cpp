#include "queue/compaction.hpp"

#include "tests/queue/journal_in_hand.hpp"

#include <gmock/gmock.h>

#include <random>

namespace sisyphus::queue {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CompactionTest : public testing::Test, protected JournalInHand {};

// The history's records, each step's as one batch, with settings strewn in.
void write_steps(JournalInHand& journal, RandomHistory& history, int count, std::minstd_rand& random) {
  for (int i = 0; i < count; ++i) {
    history.step();
    std::string batch = history.new_records();
    if (random() % 10 == 0)
      encode(WorkerAttributes{fmt::format("w{}", random() % 4), random() % 2 == 0}, batch);
    const std::string name = fmt::format("set {}", random() % 4);
    if (random() % 10 == 0) encode(DocumentStored{"ffmpeg", name, fmt::format("{{\"n\":{}}}", i)}, batch);
    if (random() % 20 == 0) encode(DocumentErased{"ffmpeg", name}, batch);
    if (!batch.empty()) journal.write(std::move(batch));
  }
}

TEST(Compaction, SnapshotAndTheRestGiveWhatAllRecordsGive) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::minstd_rand random(seed);
    RandomHistory history(seed);
    JournalInHand journal;
    for (int round = 0; round < 6; ++round) {
      write_steps(journal, history, static_cast<int>(random() % 150), random);
      journal.compact_all();
      write_steps(journal, history, static_cast<int>(random() % 60), random);
      ASSERT_EQ(journal.reopened(), state_of(journal.log_)) << "round " << round;
      if (random() % 2 == 0) history.restart();
    }
  }
}

// At every call that the compaction makes of the file system: it fails, and the server goes on, is killed, or
// the power is lost with it.
TEST(Compaction, FaultAtAnyCallLosesNothing) {
  std::minstd_rand random(5);
  std::uint64_t call = 0;
  for (bool whole = false; !whole; ++call) {
    for (const int fate : {0, 1, 2}) {
      SCOPED_TRACE(fmt::format("call {} fate {}", call, fate));
      RandomHistory history(3);
      JournalInHand journal;
      write_steps(journal, history, 60, random);
      journal.compact_all();
      write_steps(journal, history, 120, random);
      ASSERT_TRUE(journal.journal_->start_segment());
      journal.disk_.fail_from_call(call, call % 2 == 0 ? EIO : ENOSPC);
      whole = journal.compact_closed().has_value();
      journal.disk_.fail_from_call(MemoryFileSystem::kNever, 0);
      if (fate == 0) {
        write_steps(journal, history, 20, random);
        journal.compact_all();
      }
      if (fate == 2) journal.lose_power(random);
      ASSERT_EQ(journal.reopened(), state_of(journal.log_));
      write_steps(journal, history, 20, random);
      journal.compact_all();
      ASSERT_EQ(journal.reopened(), state_of(journal.log_));
    }
  }
  EXPECT_GT(call, 10U);
}

TEST_F(CompactionTest, FilesAreInProportionToWhatIsLeft) {
  submit(1, 500);
  const std::uint64_t before = journal_->size();
  for (std::uint64_t order = 2; order <= 500; ++order) write(encoded(Removed{order}));
  compact_all();
  EXPECT_LT(journal_->size(), before / 5);
  EXPECT_EQ(reopened(), state_of(log_));
}

TEST_F(CompactionTest, WhatWasRemovedForgottenOrErasedIsGoneFromTheDisk) {
  submit(1, 4);
  write(encoded(Removed{2}));
  write(encoded(DocumentStored{"ffmpeg", "kept", R"({"option":"kept"})"}));
  write(encoded(DocumentStored{"ffmpeg", "gone", R"({"option":"gone"})"}));
  write(encoded(DocumentErased{"ffmpeg", "gone"}));
  write(encoded(Finished{.order = 4}) + encoded(Finished{.order = 3}));
  write(encoded(Forgotten{}));  // 4 is the one that ended first
  EXPECT_THAT(all_bytes(), HasSubstr("\"job 2\""));
  compact_all();
  EXPECT_THAT(all_bytes(), HasSubstr("\"job 1\""));
  EXPECT_THAT(all_bytes(), HasSubstr("\"job 3\""));
  EXPECT_THAT(all_bytes(), HasSubstr(R"({"option":"kept"})"));
  for (const char* const gone : {"\"job 2\"", "\"job 4\"", R"({"option":"gone"})"})
    EXPECT_THAT(all_bytes(), Not(HasSubstr(gone)));
  EXPECT_EQ(reopened(), state_of(log_));
}

TEST_F(CompactionTest, NumbersOfRemovedJobsAreNotGivenAgain) {
  submit(1, 7);
  for (std::uint64_t order = 1; order <= 7; ++order) write(encoded(Removed{order}));
  compact_all();
  EXPECT_THAT(reopened(), StartsWith("epoch 0 next 8 "));
}

TEST_F(CompactionTest, SegmentThatIsWrittenMeanwhileStays) {
  submit(1, 100);
  ASSERT_TRUE(journal_->start_segment());
  const JournalRange closed = journal_->closed();
  submit(101, 300);
  const auto done = compact(disk_, closed, {});
  ASSERT_TRUE(done) << done.error().detail;
  EXPECT_EQ(done->jobs, 100U);
  journal_->compacted(done->first_segment, done->snapshot_size);
  EXPECT_EQ(reopened(), state_of(log_));
  compact_all();
  EXPECT_EQ(reopened(), state_of(log_));
}

TEST_F(CompactionTest, SizeIsThatOfTheFilesBeforeAndAfterAStart) {
  submit(1, 200);
  compact_all();
  submit(201, 300);
  const std::uint64_t size = journal_->size();
  std::uint64_t bytes = 0;
  for (const std::string& name : disk_.list("j").value()) {
    if (is_segment_name(name) || is_snapshot_name(name)) bytes += disk_.size("j/" + name).value();
  }
  EXPECT_EQ(size, bytes);
  open();
  EXPECT_EQ(journal_->size(), bytes);
}

TEST_F(CompactionTest, StoppedItLeavesEverythingAsItWas) {
  submit(1, 200);
  ASSERT_TRUE(journal_->start_segment());
  const std::string before = all_bytes();
  std::stop_source stop;
  stop.request_stop();
  const auto done = compact(disk_, journal_->closed(), stop.get_token());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(CompactionTest, FullDiskLeavesEverythingAsItWasAndRoomForOthers) {
  submit(1, 200);
  ASSERT_TRUE(journal_->start_segment());
  const std::string before = all_bytes();
  const std::uint64_t used = disk_.used();
  disk_.set_capacity(used + 100);
  const auto done = compact_closed();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::storage_full);
  EXPECT_EQ(all_bytes(), before);
  disk_.set_capacity(MemoryFileSystem::kNever);
  compact_all();
  EXPECT_EQ(reopened(), state_of(log_));
}

TEST_F(CompactionTest, DamageInAClosedSegmentIsNotCompactedAway) {
  submit(1, 200);
  ASSERT_TRUE(journal_->start_segment());
  const std::string path = "j/" + segment_name(2);
  std::string bytes = disk_.read(path).value();
  bytes[bytes.find("job_title")] = 'J';
  overwrite(path, bytes);
  const auto done = compact_closed();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().detail, StartsWith(path + " is damaged at byte "));
  EXPECT_EQ(disk_.read(path).value(), bytes);
}

TEST_F(CompactionTest, NoFlippedBitOfASnapshotGoesUnnoticed) {
  submit(1, 3);
  compact_all();
  const std::string path = snapshot_path();
  const std::string whole = disk_.read(path).value();
  const std::string expected = state_of(log_);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    overwrite(path, bytes);
    ASSERT_THAT(reopened(), StartsWith("refused: " + path + " is damaged at byte ")) << bit;
  }
  overwrite(path, whole);
  EXPECT_EQ(reopened(), expected);
}

TEST_F(CompactionTest, SnapshotCutAnywhereIsRefused) {
  submit(1, 3);
  compact_all();
  const std::string path = snapshot_path();
  const std::string whole = disk_.read(path).value();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_TRUE(disk_.remove(path));
    overwrite(path, whole.substr(0, length));
    ASSERT_THAT(reopened(), StartsWith("refused: " + path + " is damaged at byte ")) << length;
  }
  ASSERT_TRUE(disk_.remove(path));
  EXPECT_THAT(reopened(), HasSubstr(path));
}

TEST_F(CompactionTest, SegmentMissingBehindASnapshotIsRefused) {
  submit(1, 3);
  compact_all();
  const std::string path = "j/" + segment_name(journal_->closed().first);
  ASSERT_TRUE(disk_.remove(path));
  EXPECT_THAT(reopened(), StartsWith("refused: " + path + " is damaged at byte 0: the segment is not there"));
}

TEST_F(CompactionTest, DamageBeforeTheLastRecordedSyncIsCorruptionInTheFirstSegmentBehindASnapshotToo) {
  submit(1, 3);
  compact_all();
  submit(4, 6);
  const std::string path = "j/" + segment_name(journal_->closed().first);
  const std::string whole = disk_.read(path).value();
  std::string bytes = whole;
  bytes[bytes.find("job 4")] = 'J';
  overwrite(path, bytes);
  EXPECT_THAT(reopened(), StartsWith("refused: " + path + " is damaged at byte 64: "));
  bytes = whole;
  bytes[bytes.find("job 6")] = 'J';  // the last one: it may be what a crash left
  overwrite(path, bytes);
  EXPECT_THAT(reopened(), AllOf(HasSubstr("job 5"), Not(HasSubstr("job 6"))));
}

}  // namespace
}  // namespace sisyphus::queue
