#include "modules/ffmpeg_progress.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sisyphus::modules {
namespace {

// As ffmpeg 5.1 wrote it, encoding 50 frames; the file is two seconds long.
constexpr std::string_view kReal =
    "frame=1\nfps=0.00\nstream_0_0_q=0.0\nbitrate=  51.2kbits/s\ntotal_size=743\nout_time_us=116000\n"
    "out_time_ms=116000\nout_time=00:00:00.116000\ndup_frames=0\ndrop_frames=0\nspeed= "
    "186x\nprogress=continue\n"
    "frame=50\nfps=31.25\nstream_0_0_q=-1.0\nbitrate= 113.3kbits/s\ntotal_size=28942\nout_time_us=2043000\n"
    "out_time_ms=2043000\nout_time=00:00:02.043000\ndup_frames=0\ndrop_frames=0\nspeed=19.4x\nprogress=end\n";

std::vector<Progress> reports(FfmpegProgressReader& reader, std::string_view text) {
  std::vector<Progress> all;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto progress = reader.line(text.substr(0, end))) all.push_back(*progress);
    text.remove_prefix(std::min(text.size(), end == std::string_view::npos ? text.size() : end + 1));
  }
  return all;
}

std::string report(int frame, int milliseconds, const char* end = "continue") {
  return "frame=" + std::to_string(frame) +
         "\nfps=10\nspeed=2x\nout_time_us=" + std::to_string(milliseconds * 1000) + "\nprogress=" + end +
         "\n";
}

TEST(FfmpegProgress, ReadsWhatFfmpegWrites) {
  FfmpegProgressReader reader(50, 2.0);
  const auto all = reports(reader, kReal);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_DOUBLE_EQ(all[0].percent.value(), 2.0);
  EXPECT_EQ(all[0].frame, 1);
  EXPECT_EQ(all[0].total_frames, 50);
  EXPECT_EQ(all[0].speed, 186.0);
  EXPECT_EQ(all[0].bitrate_kbps, 51.2);
  EXPECT_EQ(all[0].size_bytes, 743);
  EXPECT_DOUBLE_EQ(all[0].elapsed_s.value(), 0.116);
  EXPECT_EQ(all[1].percent, 100.0);
  EXPECT_EQ(all[1].fps, 31.25);
  EXPECT_EQ(all[1].eta_s, 0.0);
}

TEST(FfmpegProgress, AnEndThatIsNotTheWholeIsNotAHundredPercent) {
  FfmpegProgressReader reader(50, 2.0);  // what SIGTERM leaves behind
  const auto all = reports(reader, report(49, 1990, "end"));
  EXPECT_DOUBLE_EQ(all.at(0).percent.value(), 98.0);
}

TEST(FfmpegProgress, MoreThanTheWholeIsNotAHundredPercentBeforeTheEnd) {
  FfmpegProgressReader reader(50, 2.0);
  EXPECT_EQ(reports(reader, report(60, 2500)).at(0).percent, 99.9);
  EXPECT_EQ(reports(reader, report(60, 2500, "end")).at(0).percent, 100.0);
}

TEST(FfmpegProgress, NeverGoesBackwards) {
  FfmpegProgressReader reader(100, std::nullopt);
  EXPECT_EQ(reports(reader, report(40, 1)).at(0).percent, 40.0);
  EXPECT_EQ(reports(reader, report(30, 1)).at(0).percent, 40.0);
  EXPECT_EQ(reports(reader, "progress=continue\n").at(0).percent, 40.0);
}

TEST(FfmpegProgress, WithoutFramesTheTimeCounts) {
  FfmpegProgressReader reader(std::nullopt, 10.0);
  const auto all = reports(reader, "out_time_us=2500000\nspeed=1.5x\nprogress=continue\n");
  EXPECT_EQ(all.at(0).percent, 25.0);
  EXPECT_DOUBLE_EQ(all.at(0).eta_s.value(), 5.0);
  EXPECT_FALSE(all.at(0).frame);
  EXPECT_FALSE(all.at(0).total_frames);
}

TEST(FfmpegProgress, TheTimeLeftComesFromFramesASecond) {
  FfmpegProgressReader reader(100, 4.0);
  EXPECT_DOUBLE_EQ(reports(reader, report(40, 1600)).at(0).eta_s.value(), 6.0);
}

TEST(FfmpegProgress, WhatIsNotAvailableStaysEmpty) {
  FfmpegProgressReader reader(std::nullopt, std::nullopt);
  const auto all =
      reports(reader,
              "frame=3\nfps=N/A\nbitrate=N/A\ntotal_size=N/A\nout_time_us=-577014032519\nspeed=N/A\n"
              "progress=continue\nout_time_us=N/A\nprogress=continue\n");
  ASSERT_EQ(all.size(), 2U);
  Progress expected;
  expected.frame = 3;
  EXPECT_EQ(all[0], expected);
  EXPECT_EQ(all[1], Progress{});
}

TEST(FfmpegProgress, GarbageIsPassedOver) {
  FfmpegProgressReader reader(10, 1.0);
  const std::string text =
      std::string("frame\n=\n==\n\nprogress\nprogress=\nprogress=maybe\nframe=x\nframe=5 \r\n") +
      std::string("\0\xff=\x01\n", 5) + "speed=fastx\nfps=nan\nbitrate=-1kbits/s\n" +
      "total_size=99999999999999999999999\nprogress=continue\r\n";
  const auto all = reports(reader, text);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].frame, 5);
  EXPECT_EQ(all[0].percent, 50.0);
  EXPECT_FALSE(all[0].speed || all[0].fps || all[0].bitrate_kbps || all[0].size_bytes);
}

TEST(FfmpegProgress, AReportDoesNotInheritFromTheOneBefore) {
  FfmpegProgressReader reader(std::nullopt, std::nullopt);
  const auto all = reports(reader, "frame=3\nprogress=continue\nfps=2\nprogress=continue\n");
  EXPECT_FALSE(all.at(1).frame);
}

}  // namespace
}  // namespace sisyphus::modules
