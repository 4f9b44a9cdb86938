#include "queue/journal_repair.hpp"

#include "queue/journal.hpp"
#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"
#include "tests/queue/journal_in_hand.hpp"

#include <gmock/gmock.h>

namespace sisyphus::queue {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

// A journal of jobs, one a batch, that is damaged and repaired.
class JournalRepairTest : public testing::Test, protected JournalInHand {
 protected:
  void damage(const std::string& path, const std::string& text) {
    std::string bytes = disk_.read(path).value();
    const std::size_t at = bytes.find(text);
    ASSERT_NE(at, std::string::npos);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    overwrite(path, bytes);
  }
  JournalRepair examined() {
    journal_.reset();
    return JournalRepair::examine(disk_, "j").value();
  }
  std::string repaired() {
    auto repair = examined();
    const auto folder = repair.carry_out(kSegment);
    EXPECT_TRUE(folder) << folder.error().detail;
    return reopened();
  }
  static std::string segment(std::uint64_t number) { return "j/" + segment_name(number); }
};

TEST_F(JournalRepairTest, SaysWhichBatchesAndJobsAreLostAndChangesNothing) {
  submit(1, 9);
  damage(segment(1), "job 4");
  damage(segment(1), "job 5");
  const std::string before = all_bytes();
  const JournalRepair repair = examined();
  ASSERT_EQ(repair.losses().size(), 1U);
  EXPECT_EQ(repair.losses().front().path, segment(1));
  EXPECT_EQ(repair.losses().front().first_sequence, 4U);
  EXPECT_EQ(repair.losses().front().last_sequence, 5U);
  EXPECT_THAT(repair.lost_jobs(), ElementsAre(Pair(4, 5)));
  EXPECT_EQ(repair.jobs(), 7U);
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(JournalRepairTest, KeepsWhatIsBeforeAndBehindTheDamage) {
  submit(1, 300);
  damage(segment(2), "job ");
  const std::string state = repaired();
  EXPECT_THAT(state, HasSubstr("\"job 1\""));
  EXPECT_THAT(state, HasSubstr("\"job 300\""));
  EXPECT_THAT(state, HasSubstr("next 301 "));
  write(encoded(Removed{1}));
  compact_all();
  EXPECT_THAT(reopened(), Not(HasSubstr("\"job 1\"")));
}

TEST_F(JournalRepairTest, DamagedFilesAreKeptAsTheyWere) {
  submit(1, 300);
  damage(segment(2), "job ");
  const std::string manifest = disk_.read(manifest_path("j")).value();
  const std::string damaged = disk_.read(segment(2)).value();
  auto repair = examined();
  const std::string folder = repair.carry_out(kSegment).value();
  EXPECT_EQ(disk_.read(folder + "/" + segment_name(2)).value(), damaged);
  EXPECT_EQ(disk_.read(manifest_path(folder)).value(), manifest);
}

TEST_F(JournalRepairTest, RecordsOfLostJobsAreCountedAndPassedOver) {
  submit(1, 3);
  write(encoded(Granted{.order = 2, .token = {1, 1}, .attempt = 1, .at = 1, .worker_id = "worker one"}));
  write(encoded(Requeued{.order = 2, .reason = "lost"}));
  write(encoded(Removed{3}));
  damage(segment(1), "worker one");  // the grant
  const JournalRepair repair = examined();
  EXPECT_EQ(repair.senseless(), 1U);
  EXPECT_EQ(repair.jobs(), 2U);
}

TEST_F(JournalRepairTest, NoTokenIsIssuedTwiceWhateverWasLost) {
  write(encoded(Started{3}));
  submit(1, 1);
  write(encoded(Started{4}) + encoded(DocumentErased{"the only trace of a start", ""}));
  submit(2, 2);
  damage(segment(1), "the only trace");
  const std::string state = repaired();
  EXPECT_THAT(state, StartsWith("epoch "));
  EXPECT_GE(std::stoul(state.substr(6)), 4U);
}

TEST_F(JournalRepairTest, DamagedManifestHeadersAndSnapshotAreSurvived) {
  submit(1, 3);
  compact_all();
  submit(4, 6);
  journal_.reset();
  const std::string expected = reopened();
  const std::string snapshot = snapshot_path();
  const std::string first = segment(journal_->closed().first);
  damage(manifest_path("j"), "crc32c");
  damage(snapshot, "SSNP");
  damage(first, "SSJL");
  EXPECT_THAT(reopened(), StartsWith("refused: "));
  const JournalRepair repair = examined();
  EXPECT_EQ(repair.losses().size(), 3U);
  EXPECT_THAT(repair.lost_jobs(), IsEmpty());
  const std::string state = repaired();
  EXPECT_EQ(state.substr(state.find('\n')), expected.substr(expected.find('\n')));  // but for the epoch
}

TEST_F(JournalRepairTest, SegmentThatIsGoneIsALoss) {
  submit(1, 300);
  ASSERT_TRUE(disk_.remove(segment(2)));
  const JournalRepair repair = examined();
  ASSERT_EQ(repair.losses().size(), 1U);
  EXPECT_EQ(repair.losses().front().what, "it is not there");
  EXPECT_EQ(repair.losses().front().path, segment(2));
  ASSERT_EQ(repair.lost_jobs().size(), 1U);
  EXPECT_THAT(repaired(), HasSubstr("\"job 300\""));
}

TEST_F(JournalRepairTest, FolderWithoutAJournalIsNotFound) {
  MemoryFileSystem empty;
  EXPECT_EQ(JournalRepair::examine(empty, "j").error().code, Errc::not_found);
}

// At every call that a repair makes of the file system it is cut off: what there was to save can be saved by
// the next one, or was by this one.
TEST_F(JournalRepairTest, JournalOfAnotherFormatIsRefusedAndNotTouched) {
  submit(1, 3);
  std::string older =
      fmt::format(R"({{"format":1,"store_id":"{}","first_segment":1)", sisyphus::to_string(make_uuid()));
  older += fmt::format(",\"crc32c\":\"{:08x}\"}}\n", crc32c(older));
  overwrite("j/manifest.json", older);
  const std::string before = all_bytes();
  const std::string told = "j/manifest.json: journal format 1 is not known here (this version reads 2)";
  EXPECT_THAT(reopened(), StartsWith("refused: " + told));
  const auto repair = JournalRepair::examine(disk_, "j");
  ASSERT_FALSE(repair);
  EXPECT_THAT(repair.error().detail, StartsWith(told));
  EXPECT_EQ(all_bytes(), before);
}

TEST(JournalRepair, CutOffAtAnyCallLosesNothingMore) {
  std::uint64_t call = 0;
  for (bool whole = false; !whole; ++call) {
    SCOPED_TRACE(fmt::format("call {}", call));
    JournalInHand journal;
    journal.submit(1, 100);
    journal.journal_.reset();
    const std::string path = "j/" + segment_name(1);
    std::string bytes = journal.disk_.read(path).value();
    bytes[bytes.find("job 7")] = 'J';
    journal.overwrite(path, bytes);
    auto repair = JournalRepair::examine(journal.disk_, "j");
    ASSERT_TRUE(repair);
    journal.disk_.fail_from_call(call, EIO);
    whole = repair->carry_out(kSegment).has_value();
    journal.disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    std::string state = journal.reopened();
    if (state.starts_with("refused: ")) {
      auto again = JournalRepair::examine(journal.disk_, "j");
      ASSERT_TRUE(again);
      ASSERT_TRUE(again->carry_out(kSegment));
      state = journal.reopened();
    }
    EXPECT_THAT(state, HasSubstr("\"job 6\""));
    EXPECT_THAT(state, Not(HasSubstr("\"job 7\"")));
    EXPECT_THAT(state, HasSubstr("\"job 100\""));
    bool evidence = false;  // is kept, whoever finished the repair
    for (std::uint64_t number = 2; number < 10; ++number) {
      const auto aside = journal.disk_.read(damaged_path("j", number) + "/" + segment_name(1));
      evidence = evidence || (aside && *aside == bytes);
    }
    EXPECT_TRUE(evidence);
  }
  EXPECT_GT(call, 10U);
}

}  // namespace
}  // namespace sisyphus::queue
