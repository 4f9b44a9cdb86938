#include "core/near_match.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string> kNames{"libx264", "libx264rgb", "libx265", "libopus", "aac", "ac3", "scale"};
const std::vector<std::string> kKeys{"sources", "source_maps", "output_maps", "output_file", "overwrite"};

TEST(NearMatch, ASwapIsOneSlip) {
  EXPECT_THAT(near_matches("libx256", kNames), ElementsAre("libx265", "libx264"));
  EXPECT_THAT(near_matches("soruces", kKeys), ElementsAre("sources"));
}

TEST(NearMatch, MissingAndSuperfluousLettersAreSlips) {
  EXPECT_THAT(near_matches("libopos", kNames), ElementsAre("libopus"));
  EXPECT_THAT(near_matches("scalee", kNames), ElementsAre("scale"));
  EXPECT_THAT(near_matches("source", kKeys), ElementsAre("sources"));
  EXPECT_THAT(near_matches("overwritten", kKeys), ElementsAre("overwrite"));
}

TEST(NearMatch, CaseAndDashesDoNotCount) {
  EXPECT_THAT(near_matches("outputFile", kKeys), ElementsAre("output_file"));
  EXPECT_THAT(near_matches("Output-Maps", kKeys), ElementsAre("output_maps"));
}

TEST(NearMatch, AWordWithinANameIsNear) {
  EXPECT_THAT(near_matches("x265", kNames), ElementsAre("libx265"));
  EXPECT_THAT(near_matches("output", kKeys), ElementsAre("output_file", "output_maps"));
}

TEST(NearMatch, WhatIsNothingLikeItIsNot) {
  EXPECT_THAT(near_matches("zscale_cuda", kNames), IsEmpty());
  EXPECT_THAT(near_matches("q", kNames), IsEmpty());
  EXPECT_THAT(near_matches("", kNames), IsEmpty());
  EXPECT_THAT(near_matches("remove", {"delete", "copy", "move"}), IsEmpty());
  EXPECT_THAT(near_matches(std::string(100'000, 'a'), {std::string(100'000, 'a')}), IsEmpty());
}

TEST(NearMatch, EndsAMessage) {
  EXPECT_EQ(did_you_mean("libopos", kNames), "; did you mean libopus?");
  EXPECT_EQ(did_you_mean("libx256", kNames), "; did you mean libx265 or libx264?");
  EXPECT_EQ(did_you_mean("zscale_cuda", kNames), "");
}

}  // namespace
}  // namespace sisyphus
