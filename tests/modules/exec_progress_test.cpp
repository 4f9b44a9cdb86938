#include "modules/exec_progress.hpp"

#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ExecProgress, EveryMemberOfAProgressIsRead) {
  ExecProgressReader reader;
  const auto progress = reader.line(
      R"({"percent":12.5,"frame":30,"total_frames":240,"fps":25,"speed":1.5,"bitrate_kbps":800,"size_bytes":4096,
          "elapsed_s":1.2,"eta_s":8,"phase":"encoding"})");
  ASSERT_TRUE(progress);
  EXPECT_EQ(
      to_json(*progress),
      parsed(R"({"percent":12.5,"frame":30,"total_frames":240,"fps":25.0,"speed":1.5,"bitrate_kbps":800.0,
                       "size_bytes":4096,"elapsed_s":1.2,"eta_s":8.0,"phase":"encoding"})"));
  EXPECT_THAT(reader.remarks().errors, IsEmpty());
}

TEST(ExecProgress, MemberStaysUntilAnotherLineSaysOtherwise) {
  ExecProgressReader reader;
  reader.line(R"({"percent":10,"phase":"reading"})");
  const auto progress = reader.line(R"({"phase":"writing"})");
  EXPECT_EQ(progress->percent, 10);
  EXPECT_EQ(progress->phase, "writing");
  EXPECT_EQ(reader.line(R"({"percent":5})")->percent, 5);
}

TEST(ExecProgress, NumbersThatCannotBeMeantArePassedOver) {
  ExecProgressReader reader;
  reader.line(R"({"percent":10,"fps":25})");
  const auto progress =
      reader.line(R"({"percent":-5,"fps":1e300,"frame":1.5,"speed":"fast","eta_s":null,"phase":7})");
  EXPECT_EQ(progress, std::nullopt);
  EXPECT_EQ(to_json(*reader.line(R"({"frame":1})")), parsed(R"({"percent":10.0,"frame":1,"fps":25.0})"));
  EXPECT_EQ(reader.line(R"({"percent":250})")->percent, 100);
}

TEST(ExecProgress, LongPhaseIsCut) {
  ExecProgressReader reader;
  const auto progress = reader.line(R"({"phase":")" + std::string(60'000, 'x') + R"("})");
  EXPECT_THAT(progress->phase, SizeIs(200));
}

TEST(ExecProgress, WhatIsNoProgressIsKeptForAFailure) {
  ExecProgressReader reader;
  const char* const lines[] = {
      "plain text", "",  "{not json}", R"({"percent":50)",     "[1]",
      "null",       "7", R"({"a":1})", R"({"percent":1e999})", "{\"phase\":\"\xFF\"}"};
  for (const char* const line : lines) EXPECT_EQ(reader.line(line), std::nullopt) << line;
  EXPECT_THAT(reader.remarks().errors,
              ElementsAre("plain text\n\n{not json}\n{\"percent\":50\n[1]\nnull\n7\n{\"a\":1}\n"
                          "{\"percent\":1e999}\n{\"phase\":\"\xEF\xBF\xBD\"}"));
}

TEST(ExecProgress, MessageIsTextAndMayComeWithProgress) {
  ExecProgressReader reader;
  EXPECT_EQ(reader.line(R"({"message":"starting"})"), std::nullopt);
  EXPECT_EQ(reader.line(R"({"percent":5,"message":"on the way"})")->percent, 5);
  EXPECT_THAT(reader.remarks().errors, ElementsAre("starting\non the way"));
}

TEST(ExecProgress, OfEndlessTextTheEndIsKept) {
  ExecProgressReader reader;
  for (int i = 0; i < 100'000; ++i) reader.line("line " + std::to_string(i));
  const Remarks remarks = reader.remarks();
  ASSERT_THAT(remarks.errors, SizeIs(1));
  EXPECT_LE(remarks.errors.front().size(), 4096U);
  EXPECT_TRUE(remarks.errors.front().ends_with("\nline 99999"));
}

TEST(ExecProgress, LastResultCounts) {
  ExecProgressReader reader;
  EXPECT_THAT(reader.remarks().results, IsEmpty());
  EXPECT_EQ(reader.line(R"({"result":{"a":1}})"), std::nullopt);
  EXPECT_EQ(reader.line(R"({"result":{"b":[19.0,"x"]},"percent":3})"), std::nullopt);
  EXPECT_EQ(reader.remarks().results, parsed(R"({"b":[19.0,"x"]})"));
}

TEST(ExecProgress, ResultThatIsNoObjectIsText) {
  ExecProgressReader reader;
  reader.line(R"({"result":"fine"})");
  EXPECT_THAT(reader.remarks().results, IsEmpty());
  EXPECT_THAT(reader.remarks().errors, ElementsAre(R"({"result":"fine"})"));
}

}  // namespace
}  // namespace sisyphus::modules
