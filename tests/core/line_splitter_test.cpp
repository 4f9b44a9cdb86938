#include "core/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sisyphus {
namespace {

using testing::ElementsAre;

class LineSplitterTest : public testing::Test {
 protected:
  std::vector<std::string> lines;
  LineSplitter splitter{[this](std::string_view line) { lines.emplace_back(line); }};
};

TEST_F(LineSplitterTest, NewlineAndCarriageReturnBothEndALine) {
  splitter.feed("one\ntwo\rthree\n");
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST_F(LineSplitterTest, CarriageReturnWithNewlineIsOneEnd) {
  splitter.feed("one\r\ntwo\r");
  splitter.feed("\nthree\n");
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST_F(LineSplitterTest, EmptyLinesAreLines) {
  splitter.feed("one\n\n\rtwo\n");
  EXPECT_THAT(lines, ElementsAre("one", "", "", "two"));
}

TEST_F(LineSplitterTest, LineInPiecesIsDeliveredWholeWhenItsEndComes) {
  for (const char byte : std::string("frame=12")) splitter.feed({&byte, 1});
  EXPECT_THAT(lines, ElementsAre());
  splitter.feed("\nx");
  EXPECT_THAT(lines, ElementsAre("frame=12"));
}

TEST_F(LineSplitterTest, LastLineWithoutAnEndIsDeliveredAtEndOfFile) {
  splitter.feed("one\ntwo");
  splitter.finish();
  splitter.finish();
  EXPECT_THAT(lines, ElementsAre("one", "two"));
}

TEST_F(LineSplitterTest, EndOfFileAfterAnEndAddsNoLine) {
  splitter.feed("one\n");
  splitter.finish();
  EXPECT_THAT(lines, ElementsAre("one"));
}

TEST_F(LineSplitterTest, LineIsCutAt64KiBAndTheNextOneIsWhole) {
  for (int i = 0; i < 3; ++i) splitter.feed(std::string(50'000, 'x'));
  splitter.feed("\nnext\n");
  std::string at_once(100'000, 'y');
  at_once += '\n';
  splitter.feed(at_once);
  EXPECT_THAT(lines, ElementsAre(std::string(65'536, 'x'), "next", std::string(65'536, 'y')));
}

TEST(LineSplitterWithoutReceiver, ThrowsLinesAway) {
  LineSplitter splitter(nullptr);
  splitter.feed("one\ntwo");
  splitter.finish();
}

}  // namespace
}  // namespace sisyphus
