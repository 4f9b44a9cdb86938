#include "modules/near_match.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string> kNames{"libx264", "libx264rgb", "libx265", "libopus", "aac", "ac3", "scale"};

TEST(NearMatch, ASwapIsOneSlip) {
  EXPECT_THAT(near_matches("libx256", kNames), ElementsAre("libx265"));
}

TEST(NearMatch, MissingAndSuperfluousLettersAreSlips) {
  EXPECT_THAT(near_matches("libopos", kNames), ElementsAre("libopus"));
  EXPECT_THAT(near_matches("scalee", kNames), ElementsAre("scale"));
  EXPECT_THAT(near_matches("scle", kNames), ElementsAre("scale"));
}

TEST(NearMatch, AWordWithinANameIsNear) {
  EXPECT_THAT(near_matches("x265", kNames), ElementsAre("libx265"));
}

TEST(NearMatch, WhatIsNothingLikeItIsNot) {
  EXPECT_THAT(near_matches("zscale_cuda", kNames), IsEmpty());
  EXPECT_THAT(near_matches("q", kNames), IsEmpty());
  EXPECT_THAT(near_matches("", kNames), IsEmpty());
}

TEST(NearMatch, EndsAMessage) {
  EXPECT_EQ(did_you_mean("libopos", kNames), "; did you mean libopus?");
  EXPECT_EQ(did_you_mean("libx266", kNames), "; did you mean libx264 or libx265?");
  EXPECT_EQ(did_you_mean("zscale_cuda", kNames), "");
}

}  // namespace
}  // namespace sisyphus::modules
