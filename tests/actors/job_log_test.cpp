#include "actors/job_log.hpp"

#include "core/read_file.hpp"
#include "tests/support/temp_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class JobLogTest : public testing::Test {
 protected:
  // The file after this many lines of ten bytes each.
  std::string after(int lines, std::uint64_t limit) {
    {
      JobLog log(path(), limit);
      for (int i = 0; i < lines; ++i) log.add(fmt::format("line {:04}", i));
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
    return read_file(path()).value();
  }
  std::string path() const { return folder_ + "/a.log"; }

  TempFolder temporary_;
  std::string folder_ = temporary_.path().string();
};

TEST_F(JobLogTest, SmallOneIsKeptWhole) {
  EXPECT_EQ(after(3, 100), "line 0000\nline 0001\nline 0002\n");
  std::string all;
  for (int i = 0; i < 10; ++i) all += fmt::format("line {:04}\n", i);
  EXPECT_EQ(after(10, 120), all);  // beyond the beginning, nothing left out
}

TEST_F(JobLogTest, LargeOneKeepsItsBeginningAndItsEndAndSaysWhatIsLeftOut) {
  const std::string text = after(1000, 400);
  EXPECT_THAT(text, StartsWith("line 0000\n"));
  EXPECT_THAT(text, EndsWith("line 0999\n"));
  std::string whole;
  for (int i = 0; i < 1000; ++i) whole += fmt::format("line {:04}\n", i);
  const auto gap = text.find("[... ");
  ASSERT_NE(gap, std::string::npos);
  const auto behind = text.find('\n', gap) + 1;
  EXPECT_EQ(text.substr(0, gap), whole.substr(0, gap));
  EXPECT_EQ(text.substr(behind), whole.substr(whole.size() - (text.size() - behind)));
  EXPECT_THAT(text, HasSubstr(fmt::format("[... {} bytes are", whole.size() - gap - (text.size() - behind))));
  EXPECT_LE(gap + text.size() - behind, 400U);
}

// All that is said from `from` on, as one reads who comes as often as it is worth it.
std::string all_of(JobLog& log, std::uint64_t& from, std::size_t most) {
  std::string text;
  while (from < log.size()) {
    const auto piece = log.read(from, most).value();
    EXPECT_LE(piece.text.size(), most);
    if (piece.at != from) text += fmt::format("[{}]", piece.at - from);
    text += piece.text;
    from = piece.at + piece.text.size();
  }
  return text;
}

TEST_F(JobLogTest, IsReadWhileItGrowsPieceByPiece) {
  JobLog log(path(), 400);
  std::string whole;
  std::string read;
  std::uint64_t from = 0;
  for (int i = 0; i < 200; ++i) {
    log.add(fmt::format("line {:04}", i));
    whole += fmt::format("line {:04}\n", i);
    if (i % 9 == 0) read += all_of(log, from, 45);
  }
  read += all_of(log, from, 45);
  EXPECT_EQ(read, whole);
  EXPECT_EQ(log.size(), whole.size());
}

TEST_F(JobLogTest, ReaderThatFallsBehindGoesOnWithWhatIsStillThere) {
  JobLog log(path(), 400);
  for (int i = 0; i < 100; ++i) log.add(fmt::format("line {:04}", i));
  std::uint64_t from = 100;
  const std::string text = all_of(log, from, 45);
  EXPECT_THAT(text, StartsWith("line 0010\n"));
  EXPECT_THAT(text, HasSubstr("line 0019\n[600]line 0080\n"));
  EXPECT_THAT(text, EndsWith("line 0099\n"));
}

TEST_F(JobLogTest, LinesThatComeQuicklyAreInTheFileAfterAFlush) {
  JobLog log(path());
  for (int i = 0; i < 3; ++i) log.add("line");
  log.flush();
  EXPECT_EQ(read_file(path()).value(), "line\nline\nline\n");
  EXPECT_EQ(log.size(), 15U);
}

TEST_F(JobLogTest, LastLinesBeginAtALine) {
  JobLog log(path(), 400);
  EXPECT_EQ(log.start_of_last(45).value(), 0U);
  for (int i = 0; i < 4; ++i) log.add(fmt::format("line {:04}", i));
  EXPECT_EQ(log.start_of_last(45).value(), 0U);
  log.add("line 0004");
  EXPECT_EQ(log.start_of_last(45).value(), 10U);
  EXPECT_EQ(log.start_of_last(40).value(), 10U);
  for (int i = 5; i < 100; ++i) log.add(fmt::format("line {:04}", i));
  EXPECT_EQ(log.start_of_last(45).value(), 960U);
  EXPECT_EQ(log.start_of_last(300).value(), 800U) << "the oldest that is there, behind the gap";
}

TEST_F(JobLogTest, LineWithoutEndIsCut) {
  JobLog log(path());
  log.add(std::string(100'000, 'x'));
  EXPECT_EQ(log.size(), 65'537U);
}

TEST_F(JobLogTest, TailIsThereEvenWhereTheFileCannotBe) {
  JobLog log(folder_ + "/none/a.log");
  log.add("first \xff");
  log.add("second");
  EXPECT_EQ(log.tail(), "first \xEF\xBF\xBD\nsecond\n");
}

TEST_F(JobLogTest, ReaderIsToldOnceThatTheFileCannotBeMade) {
  const std::string path = folder_ + "/none/a.log";
  JobLog log(path);
  log.add("first");
  log.flush();
  log.add("second");
  std::uint64_t from = 0;
  const std::string why =
      fmt::format("[... the rest is left out here: cannot open {}: No such file or directory ...]\n", path);
  EXPECT_EQ(all_of(log, from, 1000), why);
  EXPECT_EQ(log.start_of_last(1000).value(), 0U);
}

TEST_F(JobLogTest, ReaderOfALogThatCannotBeWrittenAnyMoreIsToldBehindWhatWasWritten) {
  fs::create_directory(path() + ".last");
  JobLog log(path(), 40);
  for (int i = 0; i < 5; ++i) log.add(fmt::format("line {:04}", i));
  std::uint64_t from = 10;
  EXPECT_EQ(
      all_of(log, from, 1000),
      fmt::format("line 0001\n[... the rest is left out here: cannot open {}.last: Is a directory ...]\n",
                  path()));
}

TEST_F(JobLogTest, FullDiskIsNamed) {
  JobLog log("/dev/full");
  log.add("first");
  log.flush();
  EXPECT_THAT(log.read(0, 1000).value().text, HasSubstr("cannot write /dev/full: No space left on device"));
}

TEST_F(JobLogTest, NothingSaidMakesNoFile) {
  { const JobLog log(path()); }
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace sisyphus::actors
