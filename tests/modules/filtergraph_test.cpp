#include "modules/filtergraph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Filtergraph, NamesFollowCommasAndSemicolons) {
  EXPECT_THAT(filter_names("yadif,scale=1280:-2;hflip"), ElementsAre("yadif", "scale", "hflip"));
}

TEST(Filtergraph, BlanksLabelsAndInstanceNamesAreNoPartOfAName) {
  EXPECT_THAT(filter_names(" [0:v][1:v] overlay@logo = 10:10 [a] ; [a]\n split [b] [c]"),
              ElementsAre("overlay", "split"));
}

TEST(Filtergraph, QuotedAndEscapedSeparatorsBelongToTheArguments) {
  EXPECT_THAT(filter_names(R"(drawtext=text='a,b;c[d]',select=eq(n\,1)\;x,fps=25)"),
              ElementsAre("drawtext", "select", "fps"));
  EXPECT_THAT(filter_names(R"(drawtext=text='it'\''s',null)"), ElementsAre("drawtext", "null"));
}

TEST(Filtergraph, NamesMayBeQuotedThemselves) {
  EXPECT_THAT(filter_names("'sca'le=2:2"), ElementsAre("scale"));
}

TEST(Filtergraph, FlagsOfTheScalersComeFirst) {
  EXPECT_THAT(filter_names("sws_flags=bicubic;scale=2:2"), ElementsAre("scale"));
}

TEST(Filtergraph, StopsWhereFfmpegWouldNotUnderstand) {
  EXPECT_THAT(filter_names(""), IsEmpty());
  EXPECT_THAT(filter_names("sws_flags=bicubic"), IsEmpty());
  EXPECT_THAT(filter_names("[open"), IsEmpty());
  EXPECT_THAT(filter_names("null,,hflip"), ElementsAre("null"));
  EXPECT_THAT(filter_names("null]hflip"), ElementsAre("null]hflip"));
  EXPECT_THAT(filter_names("null=\\"), ElementsAre("null"));
}

}  // namespace
}  // namespace sisyphus::modules
