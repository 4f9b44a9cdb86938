#include "actors/staging.hpp"

#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;
using testing::read_text;
using testing::write_text;

class StagingFolder : public ::testing::Test {
 protected:
  modules::Output output(const std::string& name) const { return {folder_ / name, staged(name)}; }
  std::string staged(const std::string& name) const { return folder_ / (".sisyphus-j-1/" + name); }
  const testing::TempFolder folder_;
};

TEST_F(StagingFolder, SupportFilesAreThereForTheToolAndAreNotPublished) {
  Staging staging({output("a.mkv")}, {{staged("options.json"), "[]"}});
  ASSERT_TRUE(staging.prepare());
  EXPECT_EQ(read_text(staged("options.json")), "[]");
  write_text(staged("a.mkv"), "film");
  ASSERT_TRUE(staging.publish({}));
  EXPECT_EQ(read_text(folder_ / "a.mkv"), "film");
  EXPECT_FALSE(fs::exists(folder_ / "options.json"));
}

TEST_F(StagingFolder, SupportFilesAloneAreNoOutput) {
  Staging staging({output("a.mkv")}, {{staged("options.json"), "[]"}});
  ASSERT_TRUE(staging.prepare());
  const auto published = staging.publish({});
  ASSERT_FALSE(published);
  EXPECT_NE(published.error().detail.find("did not write"), std::string::npos);
}

TEST_F(StagingFolder, AnOutputThatIsNotRequiredMayBeMissing) {
  modules::Output tags = output("tags.xml");
  tags.required = false;
  Staging staging({output("a.flac"), tags});
  ASSERT_TRUE(staging.prepare());
  write_text(staged("a.flac"), "sound");
  ASSERT_TRUE(staging.publish({}));
  EXPECT_TRUE(fs::exists(folder_ / "a.flac"));
  EXPECT_FALSE(fs::exists(folder_ / "tags.xml"));
}

TEST_F(StagingFolder, AnOutputGoesToItsPathWhateverItIsCalledMeanwhile) {
  Staging staging({{folder_ / "a\nb", staged("a_b")}, output("c")});
  ASSERT_TRUE(staging.prepare());
  for (const char* name : {"a_b", "c", "more"}) write_text(staged(name), name);
  ASSERT_TRUE(staging.publish({}));
  EXPECT_EQ(read_text(folder_ / "a\nb"), "a_b");
  EXPECT_TRUE(fs::exists(folder_ / "c"));
  EXPECT_TRUE(fs::exists(folder_ / "more"));
  EXPECT_FALSE(fs::exists(folder_ / "a_b"));
}

TEST_F(StagingFolder, ARequiredOutputBesideOthersMayNotBeMissing) {
  Staging staging({output("a.flac"), output("b.flac")});
  ASSERT_TRUE(staging.prepare());
  write_text(staged("a.flac"), "sound");
  EXPECT_FALSE(staging.publish({}));
  EXPECT_FALSE(fs::exists(folder_ / "a.flac"));
}

}  // namespace
}  // namespace sisyphus::actors
