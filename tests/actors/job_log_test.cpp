#include "actors/job_log.hpp"

#include "core/read_file.hpp"

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
  JobLogTest() {
    std::string name = (fs::temp_directory_path() / "sisyphus-log-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~JobLogTest() override { fs::remove_all(folder_); }

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

  std::string folder_;
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

TEST_F(JobLogTest, TailIsThereEvenWhereTheFileCannotBe) {
  JobLog log(folder_ + "/none/a.log");
  log.add("first \xff");
  log.add("second");
  EXPECT_EQ(log.tail(), "first \xEF\xBF\xBD\nsecond\n");
}

TEST_F(JobLogTest, NothingSaidMakesNoFile) {
  { const JobLog log(path()); }
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace sisyphus::actors
