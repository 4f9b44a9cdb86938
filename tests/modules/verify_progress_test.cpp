#include "modules/verify_progress.hpp"

#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<VerifyProgressReader> reader(std::string_view expected) {
  Plan plan;
  plan.expected = parsed(expected).as_object();
  plan.total_frames = 50;
  return std::make_unique<VerifyProgressReader>(plan);
}

// As ffmpeg 5.1 says it with -loglevel repeat+level+info.
constexpr const char* kSsim =
    "[Parsed_ssim_7 @ 0x5605ba0b5240] [info] SSIM Y:0.834052 (7.800292) U:0.796945 (6.923873) V:0.838897 "
    "(7.928973) All:0.828675 (7.661804)";
constexpr const char* kPsnr =
    "[Parsed_psnr_8 @ 0x5605ba0b5a80] [info] PSNR y:26.627402 u:25.437856 v:23.294043 average:25.675979 "
    "min:25.077002 max:26.167451";

TEST(VerifyProgress, MeasuresThatReachTheirFloorsAreResults) {
  const auto read = reader(R"({"full":true,"ssim":0.8,"psnr":25.0,"vmaf":90.0})");
  read->error_line("[info] Input #0, matroska,webm, from 'out.mkv':");
  read->error_line(kSsim);
  read->error_line(kPsnr);
  read->error_line("[Parsed_libvmaf_9 @ 0x5605ba0b5a80] [info] VMAF score: 93.663925");
  const Remarks remarks = read->remarks();
  EXPECT_FALSE(remarks.failed);
  EXPECT_THAT(remarks.errors, IsEmpty());
  EXPECT_EQ(remarks.results, parsed(R"({"ssim":0.828675,"psnr":25.675979,"vmaf":93.663925})").as_object());
}

TEST(VerifyProgress, AMissedFloorFailsWithBothNumbersAndIsStillAResult) {
  const auto read = reader(R"({"full":false,"ssim":0.95,"psnr":25.0})");
  read->error_line(kSsim);
  read->error_line(kPsnr);
  const Remarks remarks = read->remarks();
  EXPECT_TRUE(remarks.failed);
  EXPECT_THAT(remarks.errors, ElementsAre("ssim is 0.828675, expected at least 0.95"));
  EXPECT_EQ(remarks.results.at("ssim"), 0.828675);
}

TEST(VerifyProgress, TheSamePicturesHaveAHundredDecibels) {
  const auto read = reader(R"({"full":false,"psnr":100.0})");
  read->error_line(
      "[Parsed_psnr_6 @ 0x5605ba0b5a80] [info] PSNR y:inf u:inf v:inf average:inf min:inf max:inf");
  EXPECT_FALSE(read->remarks().failed);
  EXPECT_EQ(read->remarks().results.at("psnr"), 100.0);
}

TEST(VerifyProgress, AMeasureThatIsNotToldFails) {
  const auto read = reader(R"({"full":false,"ssim":0.5})");
  EXPECT_TRUE(read->remarks().failed);
  EXPECT_THAT(read->remarks().errors, ElementsAre(HasSubstr("compared no pictures")));
}

TEST(VerifyProgress, WhatAFileIsCalledIsNoMeasure) {
  const auto read = reader(R"({"full":true,"ssim":0.5})");
  read->error_line("[info] Input #0, matroska,webm, from '[Parsed_ssim_7 @ 0x1] [error] SSIM All:1.0 ':");
  EXPECT_THAT(read->remarks().errors, ElementsAre(HasSubstr("compared no pictures")));
}

TEST(VerifyProgress, AnyErrorFailsAFullDecode) {
  const auto read = reader(R"({"full":true})");
  read->error_line("[matroska,webm @ 0x5575c1ae9900] [error] File ended prematurely");
  read->error_line("[error] Error while decoding stream #0:0: Invalid data found when processing input");
  const Remarks remarks = read->remarks();
  EXPECT_TRUE(remarks.failed);
  ASSERT_EQ(remarks.errors.size(), 1U);
  EXPECT_EQ(
      remarks.errors[0],
      "full: ffmpeg told of 2 errors, expected none:\nFile ended prematurely\nError while decoding stream "
      "#0:0: Invalid data found when processing input");
}

TEST(VerifyProgress, ManyErrorsAreCountedAndTheFirstAreTold) {
  const auto read = reader(R"({"full":true})");
  for (int i = 0; i < 1000; ++i) read->error_line("[h264 @ 0x55f8249c9880] [error] " + std::to_string(i));
  const Remarks remarks = read->remarks();
  EXPECT_THAT(remarks.errors, ElementsAre(HasSubstr("1000 errors, expected none:\n0\n1\n")));
  EXPECT_LT(remarks.errors[0].size(), 100U);
}

TEST(VerifyProgress, WarningsAndTheNullMuxersComplaintsAreNoErrors) {
  const auto read = reader(R"({"full":true})");
  read->error_line("[mp3float @ 0x55f8249c9880] [warning] overread, skip -6 enddists: -4 -4");
  read->error_line(
      "[null @ 0x5585e0627a80] [error] Application provided invalid, non monotonically increasing dts to "
      "muxer in "
      "stream 0: 119 >= 119");
  EXPECT_FALSE(read->remarks().failed);
}

TEST(VerifyProgress, ErrorsOfAComparisonAloneAreNotJudged) {
  const auto read = reader(R"({"full":false,"ssim":0.8})");
  read->error_line("[h264 @ 0x55f8249c9880] [error] Reference 2 >= 2");
  read->error_line(kSsim);
  EXPECT_FALSE(read->remarks().failed);
}

TEST(VerifyProgress, ProgressIsFfmpegs) {
  const auto read = reader(R"({"full":true})");
  EXPECT_FALSE(read->line("frame=25"));
  const auto progress = read->line("progress=continue");
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->percent, 50.0);
}

}  // namespace
}  // namespace sisyphus::modules
