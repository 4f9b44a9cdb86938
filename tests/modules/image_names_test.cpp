#include "modules/image_names.hpp"

#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;

TEST(ImageNames, APictureWithOneNumberIsASequence) {
  for (const char* const path : {"/a/%d.png", "/a/f%04d.JPG", "/a%d/f.png", "/100%%/%d.tif"}) {
    EXPECT_TRUE(is_image_sequence(path)) << path;
  }
  for (const char* const path :
       {"/a/%d.mkv", "/a/1.png", "/a/100%.png", "/a/%d-%d.png", "/a/%s%d.png", "/a/%d"}) {
    EXPECT_FALSE(is_image_sequence(path)) << path;
  }
}

TEST(ImageNames, AFileOfThatVeryNameIsReadAsItStands) {
  const TempFolder folder;
  write_text(folder / "%d.png", "");
  EXPECT_EQ(literal_image_options(folder / "%d.png"),
            (std::vector<std::string>{"-f", "image2", "-pattern_type", "none"}));
  EXPECT_EQ(literal_image_options(folder / "%03d.png"), std::vector<std::string>{});
}

TEST(ImageNames, OnlyAFolderWithAPercentSignSpoilsASequence) {
  EXPECT_TRUE(folder_spoils_image_sequence("/a%d/f.png"));
  EXPECT_TRUE(folder_spoils_image_sequence("/100%/%d.png"));
  EXPECT_FALSE(folder_spoils_image_sequence("/100%/f.png"));
  EXPECT_FALSE(folder_spoils_image_sequence("/a/%d.png"));
  EXPECT_FALSE(folder_spoils_image_sequence("/a%d/f.mkv"));
}

}  // namespace
}  // namespace sisyphus::modules
