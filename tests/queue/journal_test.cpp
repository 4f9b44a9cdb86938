#include "queue/journal.hpp"

#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"
#include "tests/support/memory_file_system.hpp"
#include "tests/support/temp_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <random>

namespace sisyphus::queue {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Texts = std::vector<std::string>;
constexpr std::uint64_t kSmall = 2048;  // bytes of a segment

std::string batch(const std::string& text) {
  std::string bytes;
  encode(DocumentErased{text, ""}, bytes);
  return bytes;
}

// What a journal holds, and what opening it said.
struct Opened {
  Result<std::unique_ptr<Journal>> journal;
  Texts texts;
};

Opened open_journal(FileSystem& files, const std::string& folder = "j", std::uint64_t segment_size = kSmall) {
  Texts texts;
  auto journal = Journal::open(files, {folder, segment_size}, [&](const Record& record) -> Result<void> {
    texts.push_back(std::get<DocumentErased>(record).module);
    return {};
  });
  return {std::move(journal), std::move(texts)};
}

void write_synced(Journal& journal, const std::string& text) {
  ASSERT_TRUE(journal.write(batch(text)));
  ASSERT_TRUE(journal.sync());
}

std::string first_segment(const std::string& folder = "j") {
  return folder + "/" + segment_name(1);
}

void overwrite(FileSystem& files, const std::string& path, std::string_view bytes) {
  auto file = files.create(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(0, bytes));
}

Texts numbered(int count) {
  Texts texts;
  for (int i = 0; i < count; ++i) texts.push_back(fmt::format("batch {}", i));
  return texts;
}

class JournalOnDisk : public testing::Test {
 protected:
  TempFolder temporary_;
  std::string folder_ = temporary_.path().string();
};

TEST_F(JournalOnDisk, WhatWasWrittenIsReadAgain) {
  const std::string folder = folder_ + "/made/on/the/way";
  for (int start = 0; start < 3; ++start) {
    const Opened opened = open_journal(real_file_system(), folder);
    ASSERT_TRUE(opened.journal) << opened.journal.error().detail;
    EXPECT_EQ(opened.texts, numbered(start * 2));
    EXPECT_EQ((*opened.journal)->repaired(), "");
    write_synced(**opened.journal, fmt::format("batch {}", start * 2));
    write_synced(**opened.journal, fmt::format("batch {}", start * 2 + 1));
  }
}

TEST_F(JournalOnDisk, FolderThatIsInUseIsRefused) {
  const Opened first = open_journal(real_file_system(), folder_);
  ASSERT_TRUE(first.journal);
  const Opened second = open_journal(real_file_system(), folder_);
  ASSERT_FALSE(second.journal);
  EXPECT_EQ(second.journal.error().code, Errc::conflict);
  EXPECT_EQ(second.journal.error().detail, folder_ + "/lock is locked: another server uses this folder");
}

TEST_F(JournalOnDisk, TornTailIsKeptBesideAndReported) {
  {
    const Opened opened = open_journal(real_file_system(), folder_);
    write_synced(**opened.journal, "kept");
    write_synced(**opened.journal, "torn");
  }
  const std::string path = first_segment(folder_);
  std::string bytes = real_file_system().read(path).value();
  const std::size_t at = bytes.find("torn");
  bytes[at] = 'T';
  overwrite(real_file_system(), path, bytes);
  const Opened opened = open_journal(real_file_system(), folder_);
  ASSERT_TRUE(opened.journal);
  EXPECT_EQ(opened.texts, Texts{"kept"});
  const std::size_t frame = kSegmentHeaderSize + frame_size(batch("kept").size());
  EXPECT_EQ(
      (*opened.journal)->repaired(),
      fmt::format("{} bytes of a batch that was never acknowledged were cut from {} at byte {} and kept in "
                  "{}.torn-{}",
                  at + 4 - frame, segment_name(1), frame, segment_name(1), frame));
  EXPECT_EQ(real_file_system().read(fmt::format("{}.torn-{}", path, frame)).value(),
            bytes.substr(frame, at + 4 - frame));
}

class JournalInMemory : public testing::Test {
 protected:
  // Leaves a journal of `count` batches behind.
  void fill(int count) {
    const Opened opened = open_journal(disk_);
    ASSERT_TRUE(opened.journal);
    for (const std::string& text : numbered(count)) write_synced(**opened.journal, text);
  }
  std::size_t end_of(int count) const {
    std::size_t end = kSegmentHeaderSize;
    for (const std::string& text : numbered(count)) end += frame_size(batch(text).size());
    return end;
  }
  MemoryFileSystem disk_;
};

TEST_F(JournalInMemory, CutAtEveryByteGivesTheExactPrefix) {
  fill(4);
  const std::string whole = disk_.read(first_segment()).value();
  const std::size_t end = whole.find_last_not_of('\0') + 1;
  for (std::size_t cut = kSegmentHeaderSize; cut < end; ++cut) {
    std::string torn = whole;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(cut), torn.end(), '\0');
    overwrite(disk_, first_segment(), torn);
    int left = 0;  // batches that are whole
    while (left < 4 && torn.compare(0, end_of(left + 1), whole, 0, end_of(left + 1)) == 0) ++left;
    const bool zeros_were_cut = torn.find_first_not_of('\0', end_of(left)) == std::string::npos;
    {
      const Opened opened = open_journal(disk_);
      ASSERT_TRUE(opened.journal) << cut;
      EXPECT_EQ(opened.texts, numbered(left)) << cut;
      EXPECT_EQ((*opened.journal)->repaired().empty(), zeros_were_cut) << cut;
      for (int i = left; i < 4; ++i)
        write_synced(**opened.journal, numbered(4).at(static_cast<std::size_t>(i)));
    }
    const Opened again = open_journal(disk_);
    ASSERT_TRUE(again.journal) << cut;
    EXPECT_EQ(again.texts, numbered(4)) << cut;
    EXPECT_EQ((*again.journal)->repaired(), "") << cut;
  }
}

TEST_F(JournalInMemory, DamageInTheMiddleIsRefusedWithFileAndOffset) {
  fill(4);
  std::string bytes = disk_.read(first_segment()).value();
  bytes[end_of(1) + kFrameHeaderSize] ^= 1;
  overwrite(disk_, first_segment(), bytes);
  const Opened opened = open_journal(disk_);
  ASSERT_FALSE(opened.journal);
  EXPECT_EQ(opened.journal.error().code, Errc::io);
  EXPECT_THAT(opened.journal.error().detail,
              StartsWith(fmt::format("{} is damaged at byte {}: frame 2 is not whole, and later ones are",
                                     first_segment(), end_of(1))));
  EXPECT_EQ(disk_.read(first_segment()).value(), bytes);  // nothing was changed
}

TEST_F(JournalInMemory, NoFlippedBitGoesUnnoticed) {
  fill(4);
  const std::string whole = disk_.read(first_segment()).value();
  const std::size_t end = end_of(4);
  for (std::size_t bit = 0; bit < (end + 64) * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    overwrite(disk_, first_segment(), bytes);
    const Opened opened = open_journal(disk_);
    if (!opened.journal) {
      EXPECT_LT(bit / 8, end_of(3)) << bit;
      EXPECT_THAT(opened.journal.error().detail, HasSubstr("is damaged at byte"));
    } else {  // in the last batch, or behind it: cut off, kept and told
      EXPECT_EQ(opened.texts, numbered(bit / 8 < end ? 3 : 4)) << bit;
      EXPECT_GE(bit / 8, end_of(3)) << bit;
      EXPECT_THAT((*opened.journal)->repaired(), HasSubstr("were cut from")) << bit;
    }
  }
}

TEST_F(JournalInMemory, SegmentsFollowEachOther) {
  const int count = 200;
  fill(count);
  EXPECT_TRUE(disk_.read("j/" + segment_name(3)));
  const Opened opened = open_journal(disk_);
  ASSERT_TRUE(opened.journal);
  EXPECT_EQ(opened.texts, numbered(count));
}

TEST_F(JournalInMemory, DamagedTailOfAnEarlierSegmentIsRefused) {
  fill(200);
  std::string bytes = disk_.read(first_segment()).value();
  bytes[bytes.rfind("batch")] = 'B';
  overwrite(disk_, first_segment(), bytes);
  EXPECT_FALSE(open_journal(disk_).journal);
}

TEST_F(JournalInMemory, MissingSegmentIsRefused) {
  fill(200);
  const std::string middle = "j/" + segment_name(2);
  const std::string bytes = disk_.read(middle).value();
  ASSERT_TRUE(disk_.remove(middle));
  EXPECT_THAT(open_journal(disk_).journal.error().detail,
              StartsWith(middle + " is damaged at byte 0: the segment is not there, and others are"));
  overwrite(disk_, middle, bytes);
  ASSERT_TRUE(disk_.remove(first_segment()));
  EXPECT_FALSE(open_journal(disk_).journal);
}

TEST_F(JournalInMemory, SegmentThatDoesNotFollowIsRefused) {
  fill(200);
  overwrite(disk_, "j/" + segment_name(2), disk_.read("j/" + segment_name(3)).value());
  EXPECT_THAT(open_journal(disk_).journal.error().detail, HasSubstr("it does not follow what is before it"));
}

TEST_F(JournalInMemory, PreparedSegmentIsUsedNext) {
  Opened opened = open_journal(disk_);
  Journal& journal = **opened.journal;
  EXPECT_FALSE(journal.wants_next());
  Texts written;
  while (!journal.wants_next()) {
    written.push_back("early");
    write_synced(journal, "early");
  }
  const std::uint64_t before = journal.room();
  auto file = Journal::prepare(disk_, journal.settings(), journal.next_number());
  ASSERT_TRUE(file);
  ASSERT_TRUE(journal.take_next(journal.next_number(), std::move(*file)));
  EXPECT_TRUE(journal.has_next());
  EXPECT_FALSE(journal.wants_next());
  EXPECT_EQ(journal.room(), before + kSmall - kSegmentHeaderSize);
  disk_.set_capacity(disk_.used());  // the next segment needs no more room
  while (journal.next_number() == 2) {
    written.push_back("late");
    write_synced(journal, "late");
  }
  EXPECT_FALSE(journal.has_next());
  opened.journal = Error{};
  EXPECT_EQ(open_journal(disk_).texts, written);
}

TEST_F(JournalInMemory, SegmentPreparedTooLateIsRemoved) {
  Opened opened = open_journal(disk_);
  Journal& journal = **opened.journal;
  auto file = Journal::prepare(disk_, journal.settings(), 2);
  while (journal.next_number() == 2) write_synced(journal, "x");
  ASSERT_TRUE(journal.take_next(2, std::move(*file)));
  EXPECT_FALSE(journal.has_next());
  EXPECT_FALSE(disk_.read("j/" + segment_name(2) + ".next"));
}

TEST_F(JournalInMemory, BatchLargerThanASegmentGetsItsOwn) {
  const std::string large(3 * kSmall, 'x');
  {
    Opened opened = open_journal(disk_);
    Journal& journal = **opened.journal;
    write_synced(journal, "before");
    auto file = Journal::prepare(disk_, journal.settings(), 2);
    ASSERT_TRUE(journal.take_next(2, std::move(*file)));
    write_synced(journal, large);
    write_synced(journal, "behind");
    EXPECT_FALSE(disk_.read("j/" + segment_name(2) + ".next"));  // the spare was too small
  }
  EXPECT_EQ(open_journal(disk_).texts, (Texts{"before", large, "behind"}));
}

TEST_F(JournalInMemory, DamagedManifestIsRefused) {
  fill(3);
  const std::string manifest = disk_.read("j/manifest.json").value();
  for (const std::string& text : {std::string(), std::string("{}"), manifest.substr(0, manifest.size() / 2),
                                  std::string(R"({"store_id":"x","first_segment":1})"), std::string("[1]")}) {
    overwrite(disk_, "j/manifest.json", text);
    EXPECT_EQ(open_journal(disk_).journal.error().detail,
              "j/manifest.json is damaged: it names no store and first segment")
        << text;
  }
  ASSERT_TRUE(disk_.remove("j/manifest.json"));
  EXPECT_EQ(open_journal(disk_).journal.error().detail, "j has journal segments but no manifest.json");
}

TEST_F(JournalInMemory, NoFlippedBitOfTheManifestGoesUnnoticed) {
  fill(200);  // several segments: a first one that is another would lose those before it
  const std::string whole = disk_.read("j/manifest.json").value();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string text = whole;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    overwrite(disk_, "j/manifest.json", text);
    const Opened opened = open_journal(disk_);
    ASSERT_FALSE(opened.journal) << bit;
    EXPECT_THAT(opened.journal.error().detail, StartsWith("j/manifest.json is damaged: ")) << bit;
  }
}

TEST_F(JournalInMemory, ManifestThatNamesAnotherStoreOrSegmentIsRefused) {
  fill(3);
  const auto manifest = decode_manifest(disk_.read("j/manifest.json").value());
  overwrite(disk_, "j/manifest.json", encode_manifest({manifest->store_id, 3}));
  EXPECT_FALSE(open_journal(disk_).journal);
  overwrite(disk_, "j/manifest.json", encode_manifest({make_uuid(), 1}));
  EXPECT_THAT(open_journal(disk_).journal.error().detail,
              HasSubstr("it belongs to another journal than the manifest"));
}

TEST_F(JournalInMemory, RefusalOfARecordStopsTheReadingAndNamesItsPlace) {
  fill(2);
  const auto opened =
      Journal::open(disk_, {"j", kSmall}, [](const Record&) -> Result<void> { return invalid("no"); });
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().detail, StartsWith(first_segment() + " is damaged at byte 64: no."));
}

TEST_F(JournalInMemory, FaultAtAnyCallLosesNothingThatWasSynced) {
  for (std::uint64_t call = 0; call < 200; ++call) {
    MemoryFileSystem disk;
    disk.fail_from_call(call, call % 2 == 0 ? EIO : ENOSPC);
    Texts synced;
    std::string tried;
    if (const Opened opened = open_journal(disk); opened.journal) {
      for (int i = 0; i < 100; ++i) {
        tried = fmt::format("batch {}", i);
        if (!(*opened.journal)->write(batch(tried)) || !(*opened.journal)->sync()) break;
        synced.push_back(tried);
      }
    }
    disk.fail_from_call(MemoryFileSystem::kNever, 0);
    const Opened again = open_journal(disk);
    ASSERT_TRUE(again.journal) << call << ": " << again.journal.error().detail;
    Texts more = synced;
    more.push_back(tried);
    EXPECT_TRUE(again.texts == synced || again.texts == more) << call;
  }
}

TEST_F(JournalInMemory, PowerLossAtAnyCallLosesNothingThatWasSynced) {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    std::minstd_rand random(seed + 1);
    MemoryFileSystem disk;
    disk.fail_from_call(seed / 4, EIO);
    Texts synced;
    Texts tried;
    if (const Opened opened = open_journal(disk); opened.journal) {
      for (const std::string& text : numbered(60)) {
        tried = synced;
        tried.push_back(text);
        if (!(*opened.journal)->write(batch(text)) || !(*opened.journal)->sync()) break;
        synced = tried;
      }
    }
    disk.fail_from_call(MemoryFileSystem::kNever, 0);
    disk.lose_power(random);
    const Opened again = open_journal(disk);
    ASSERT_TRUE(again.journal) << seed << ": " << again.journal.error().detail;
    EXPECT_TRUE(again.texts == synced || again.texts == tried) << seed;
  }
}

// Linux shows what it could not write, and a second sync succeeds and does nothing.
TEST_F(JournalInMemory, BatchWhoseSyncFailedIsWrittenAgainBeforeOthersFollow) {
  {
    const Opened opened = open_journal(disk_);
    ASSERT_TRUE((*opened.journal)->write(batch("batch 0")));
    disk_.fail_from_call(0, EIO);
    ASSERT_FALSE((*opened.journal)->sync());
  }
  disk_.fail_from_call(MemoryFileSystem::kNever, 0);
  {
    const Opened opened = open_journal(disk_);
    ASSERT_TRUE(opened.journal);
    EXPECT_EQ(opened.texts, numbered(1));
    disk_.fail_from_call(0, EIO);  // nothing more reaches the disk
  }
  std::minstd_rand random(1);
  disk_.lose_power(random);
  disk_.fail_from_call(MemoryFileSystem::kNever, 0);
  EXPECT_EQ(open_journal(disk_).texts, numbered(1));
}

TEST_F(JournalInMemory, FullDiskIsStorageFullAndLeavesNoHalfSegment) {
  Opened opened = open_journal(disk_);
  disk_.set_capacity(disk_.used() + 100);
  const auto file = Journal::prepare(disk_, (*opened.journal)->settings(), 2);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::storage_full);
  EXPECT_FALSE(disk_.read("j/" + segment_name(2) + ".next"));
}

TEST_F(JournalInMemory, OneJobsLifeTakesAtMost200BytesBesideItsDocument) {
  Opened opened = open_journal(disk_, "j", 1U << 20);
  const std::uint64_t before = (*opened.journal)->bytes_written();
  const std::uint64_t order = 1'000'000'000;
  const std::string document(500, 'd');
  const std::string worker = sisyphus::to_string(make_uuid());
  JobFacts facts;
  facts.needs.modules = {"handbrake"};
  const std::int64_t at = 1'770'000'000'000;
  const HistoryPlace text{100'000, 15U << 20, 64U << 10};
  // It is forgotten in the batch in which another one ends.
  for (const std::vector<Record>& batch :
       {std::vector<Record>{Submitted{order, make_uuid(), facts, document}},
        {Granted{order, {1000, order}, 1, false, at, worker}},
        {Finished{.order = order, .at = at, .text = text}, Forgotten{}}}) {
    std::string bytes;
    for (const Record& record : batch) encode(record, bytes);
    ASSERT_TRUE((*opened.journal)->write(std::move(bytes)));
  }
  EXPECT_LE((*opened.journal)->bytes_written() - before - document.size(), 200U);
}

}  // namespace
}  // namespace sisyphus::queue
