#include "core/text_tail.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sisyphus {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(LastLines, AreAsManyAsAreAskedFor) {
  EXPECT_EQ(last_lines("one\ntwo\nthree\n", 2), "two\nthree\n");
  EXPECT_EQ(last_lines("one\ntwo\nthree", 2), "two\nthree");
  EXPECT_EQ(last_lines("one\n\n\n", 2), "\n\n");
  EXPECT_EQ(last_lines("one\ntwo\n", 2), "one\ntwo\n");
  EXPECT_EQ(last_lines("one\ntwo\n", 9), "one\ntwo\n");
  EXPECT_EQ(last_lines("one\n", 0), "");
  EXPECT_EQ(last_lines("", 3), "");
}

TEST(LastLines, WithinBytesAreWholeAndALongOneIsCutBetweenCharacters) {
  EXPECT_EQ(last_lines_within("one\ntwo\nthree\n", 10), "three\n");
  EXPECT_EQ(last_lines_within("one\ntwo\n", 8), "one\ntwo\n");
  EXPECT_EQ(last_lines_within("\xC3\xA4\xC3\xA4\xC3\xA4", 3), "\xC3\xA4");
}

TEST(TextTail, ShortTextIsKeptWhole) {
  TextTail tail(32);
  tail.append("one\n");
  tail.append("two");
  EXPECT_EQ(tail.text(), "one\ntwo");
}

TEST(TextTail, NothingIsNothing) {
  EXPECT_EQ(TextTail(8).text(), "");
}

TEST(TextTail, CutTextBeginsAtTheStartOfALine) {
  TextTail tail(10);
  tail.append("first\nsecond\nthird\n");
  EXPECT_EQ(tail.text(), "third\n");
}

TEST(TextTail, CarriageReturnStartsALineToo) {
  TextTail tail(12);
  tail.append("frame=1\rframe=2\rframe=3\r");
  EXPECT_EQ(tail.text(), "frame=3\r");
}

TEST(TextTail, ManySmallPiecesKeepTheLastOnes) {
  TextTail tail(16);
  for (int i = 0; i < 1000; ++i) tail.append("line " + std::to_string(i) + "\n");
  EXPECT_EQ(tail.text(), "line 999\n");
}

TEST(TextTail, OneLongLineIsKeptAsFarAsItFits) {
  TextTail tail(4);
  tail.append("abcdefgh");
  EXPECT_EQ(tail.text(), "efgh");
}

TEST(TextTail, InvalidBytesAreReplaced) {
  TextTail tail;
  tail.append("caf\xE9 na\xC3\xAFve \xFF");
  EXPECT_EQ(tail.text(), "caf\xEF\xBF\xBD na\xC3\xAFve \xEF\xBF\xBD");
}

TEST(TextTail, OverlongFormsSurrogatesAndTooHighNumbersAreInvalid) {
  TextTail tail;
  tail.append("\xC0\x80|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82");
  std::string expected;
  for (const int count : {2, 3, 4, 2}) {
    for (int i = 0; i < count; ++i) expected += kReplacement;
    expected += '|';
  }
  expected.pop_back();
  EXPECT_EQ(tail.text(), expected);
}

TEST(TextTail, ReplacementsDoNotMakeItLongerThanTheLimit) {
  TextTail tail(64);
  tail.append(std::string(1000, '\xFF'));
  EXPECT_LE(tail.text().size(), 64U);
  EXPECT_TRUE(tail.text().ends_with(kReplacement));
}

TEST(TextTail, CharacterThatWasCutInTwoIsLeftOut) {
  TextTail tail(5);
  tail.append("x\xE2\x82\xAC\xE2\x82\xAC");
  tail.append("z");
  EXPECT_EQ(tail.text(), "\xE2\x82\xACz");
}

TEST(TextTail, GigabytesKeepItAtItsLimit) {
  TextTail tail(1024);
  const std::string piece(65'536, 'x');
  for (int i = 0; i < 1000; ++i) tail.append(piece);
  tail.append("\nend");
  EXPECT_EQ(tail.text(), "end");
}

}  // namespace
}  // namespace sisyphus
