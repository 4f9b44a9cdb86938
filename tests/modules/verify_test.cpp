#include "modules/verify.hpp"

#include "modules/ffmpeg_capabilities.hpp"
#include "modules/ffmpeg_checks.hpp"
#include "modules/schema.hpp"
#include "tests/modules/support.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::write_text;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kFilm =
    R"({"codec_type":"video","codec_name":"h264","avg_frame_rate":"25/1","disposition":{"attached_pic":0}})";
constexpr const char* kCover =
    R"({"codec_type":"video","codec_name":"mjpeg","avg_frame_rate":"0/0","disposition":{"attached_pic":1}})";
constexpr const char* kSound = R"({"codec_type":"audio","codec_name":"aac","tags":{"language":"eng"}})";

class VerifyPlan : public ::testing::Test {
 protected:
  VerifyPlan() {
    facts_.working_directory = folder_.path().string();
    facts_.programs = {{"ffmpeg", "/usr/bin/ffmpeg"}, {"ffprobe", "/usr/bin/ffprobe"}};
    put("in.mkv", fmt::format("{},{}", kFilm, kSound), "10.0", 1000);
    put("out.mkv", fmt::format("{},{},{}", kFilm, kSound, kCover), "10.4", 600);
  }

  // A file, and what ffprobe says of it.
  void put(const std::string& name, const std::string& streams, const std::string& duration, int size) {
    write_text(folder_ / name, "x");
    facts_.probes[source_probe(folder_ / name).key] = {
        0,
        fmt::format(R"({{"streams":[{}],"format":{{"duration":"{}","size":"{}"}}}})", streams, duration,
                    size),
        ""};
  }

  Planned plan(std::string_view data) const { return module_.plan(parsed(data).as_object(), facts_); }

  void expect_one(std::string_view data, Problem::Kind kind, const std::string& pointer,
                  const std::string& part) const {
    const Planned planned = plan(data);
    ASSERT_EQ(planned.problems.size(), 1U) << data << ::testing::PrintToString(planned.problems);
    EXPECT_EQ(planned.problems[0].kind, kind) << data;
    EXPECT_EQ(planned.problems[0].pointer, pointer) << data;
    EXPECT_THAT(planned.problems[0].message, HasSubstr(part)) << data;
  }

  static constexpr auto kDocument = Problem::Kind::document;
  static constexpr auto kEnvironment = Problem::Kind::environment;
  static constexpr auto kFinding = Problem::Kind::finding;
  const testing::TempFolder folder_;
  const VerifyModule module_;
  Facts facts_;
};

TEST_F(VerifyPlan, AGoodFileIsDecidedWithoutARun) {
  const Planned planned = plan(
      R"({"file":"out.mkv","source":"in.mkv","smaller_than":0.6,"streams":[{"type":"video","codec":"h264",
      "count":1},{"type":"audio","language":"eng"},{"type":"attachment","count":1},{"type":"data","count":0}]})");
  EXPECT_THAT(planned.problems, IsEmpty());
  ASSERT_TRUE(planned.plan);
  EXPECT_TRUE(std::holds_alternative<NoAction>(planned.plan->action));
  EXPECT_EQ(module_.progress(*planned.plan), nullptr);
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "out.mkv", folder_ / "in.mkv"));
  EXPECT_THAT(planned.plan->outputs, IsEmpty());
  EXPECT_EQ(
      planned.plan->results,
      parsed(R"({"size_bytes":600,"source_size_bytes":1000,"duration_s":10.4,"expected_duration_s":10.0})")
          .as_object());
}

TEST_F(VerifyPlan, AFailedCheckNamesItsFieldWhatIsExpectedAndWhatIsThere) {
  expect_one(R"({"file":"out.mkv","source":"in.mkv","duration":{"tolerance_s":0.3}})", kFinding, "/duration",
             "the file lasts 10.400 s, the source 10.000 s: more than 0.3 s apart");
  expect_one(R"({"file":"out.mkv","source":"in.mkv","smaller_than":0.5})", kFinding, "/smaller_than",
             "the file's size is 600 bytes, expected at most 500 (0.5 of the source's 1000)");
  expect_one(
      R"({"file":"out.mkv","streams":[{"type":"video"},{"type":"subtitle"}]})", kFinding, "/streams/1",
      "found 0 of subtitle, expected at least 1; the file has 2 video (h264, mjpeg), 1 audio (aac eng)");
  expect_one(R"({"file":"out.mkv","streams":[{"type":"video","count":2}]})", kFinding, "/streams/0",
             "found 1 of video, expected 2");
  expect_one(R"({"file":"out.mkv","streams":[{"type":"audio","codec":"opus","language":"eng"}]})", kFinding,
             "/streams/0", "found 0 of audio opus eng");
}

TEST_F(VerifyPlan, AFailedCheckStillTellsItsNumbers) {
  const Planned planned = plan(R"({"file":"out.mkv","source":"in.mkv","smaller_than":0.5})");
  ASSERT_TRUE(planned.plan);
  EXPECT_EQ(planned.plan->results.at("size_bytes"), 600);
}

TEST_F(VerifyPlan, TheSourcesDurationIsCutLikeFfmpegCutsIt) {
  put("short.mkv", fmt::format("{},{}", kFilm, kSound), "4", 10);
  EXPECT_THAT(plan(R"({"file":"short.mkv","source":"in.mkv","ss":"0:06"})").problems, IsEmpty());
  EXPECT_THAT(plan(R"({"file":"short.mkv","source":"in.mkv","ss":2,"to":"6.0"})").problems, IsEmpty());
  EXPECT_THAT(plan(R"({"file":"short.mkv","source":"in.mkv","ss":2,"t":4,"to":3})").problems, IsEmpty());
  EXPECT_THAT(plan(R"({"file":"short.mkv","source":"in.mkv","duration":false})").problems, IsEmpty());
  expect_one(R"({"file":"short.mkv","source":"in.mkv","ss":11})", kFinding, "/duration",
             "leave nothing of the source's 10.000 s");
  expect_one(R"({"file":"short.mkv","source":"in.mkv","ss":2})", kFinding, "/duration",
             "the file lasts 4.000 s, that part of the source 8.000 s: more than 1 s apart");
}

TEST_F(VerifyPlan, ADurationThatIsNotToldFailsTheCheck) {
  put("raw.ts", fmt::format("{},{}", kFilm, kSound), "N/A", 10);
  expect_one(R"({"file":"raw.ts","source":"in.mkv"})", kFinding, "/duration", "does not tell its duration");
  expect_one(R"({"file":"out.mkv","source":"raw.ts"})", kFinding, "/duration", "set duration to false");
}

TEST_F(VerifyPlan, FilmsAreComparedWithFilmsAndSoundWithSound) {
  constexpr const char* kStreams =
      R"({"codec_type":"video","codec_name":"h264","duration":"10.0"},
      {"codec_type":"audio","codec_name":"aac","duration":"12.0"},
      {"codec_type":"subtitle","codec_name":"subrip","duration":"60.0"})";
  put("in.mkv", kStreams, "60.0", 1000);
  EXPECT_THAT(plan(R"({"file":"out.mkv","source":"in.mkv"})").problems, IsEmpty());
  put("song.mka", kSound, "12.0", 10);
  EXPECT_THAT(plan(R"({"file":"song.mka","source":"in.mkv","streams":[{"type":"audio"}]})").problems,
              IsEmpty());
  EXPECT_THAT(
      plan(R"({"file":"song.mka","source":"in.mkv","ss":2})").plan.value().results.at("expected_duration_s"),
      10.0);
}

TEST_F(VerifyPlan, LostSoundOrLostPicturesFailUnlessStreamsSaysWhatIsWanted) {
  put("mute.mkv", kFilm, "10.0", 10);
  put("song.mka", fmt::format("{},{}", kSound, kCover), "10.0", 10);
  expect_one(
      R"({"file":"mute.mkv","source":"in.mkv"})", kFinding, "/file",
      "the file has no audio, expected some as in the source (1 video (h264), 1 audio (aac eng)); if that "
      "is meant, name in streams what the file must have");
  expect_one(R"({"file":"song.mka","source":"in.mkv"})", kFinding, "/file",
             "the file has no video, expected");
  for (const char* data : {R"({"file":"mute.mkv","source":"in.mkv","streams":[{"type":"video"}]})",
                           R"({"file":"song.mka","source":"in.mkv","streams":[{"type":"audio"}]})",
                           R"({"file":"mute.mkv"})", R"({"file":"in.mkv","source":"mute.mkv"})"}) {
    EXPECT_THAT(plan(data).problems, IsEmpty()) << data;
  }
}

TEST_F(VerifyPlan, AFileThatCameAfterFfprobeWasAskedDoesNotPass) {
  write_text(folder_ / "late.mkv", "x");
  expect_one(R"({"file":"late.mkv"})", kEnvironment, "/file", "late.mkv was not there before");
  expect_one(R"({"file":"out.mkv","source":"late.mkv"})", kEnvironment, "/source",
             "late.mkv was not there before");
}

TEST_F(VerifyPlan, SizeAndChannelsOfAStreamCanBeAskedFor) {
  put("out.mkv",
      R"({"codec_type":"video","codec_name":"hevc","width":1920,"height":1080,"pix_fmt":"yuv420p10le"},
      {"codec_type":"audio","codec_name":"opus","channels":2,"tags":{"language":"jpn"}},
      {"codec_type":"audio","codec_name":"opus","channels":6})",
      "10", 10);
  EXPECT_THAT(plan(R"({"file":"out.mkv","streams":[
      {"type":"video","width":1920,"height":1080,"pix_fmt":"yuv420p10le","count":1},
      {"type":"audio","channels":6,"count":1},{"type":"audio","codec":"opus","count":2}]})")
                  .problems,
              IsEmpty());
  expect_one(
      R"({"file":"out.mkv","streams":[{"type":"audio","channels":8}]})", kFinding, "/streams/0",
      "found 0 of audio of 8 channels, expected at least 1; the file has audio opus jpn of 2 channels, audio "
      "opus of 6 channels");
  expect_one(
      R"({"file":"out.mkv","streams":[{"type":"video","width":1280,"height":720,"pix_fmt":"yuv420p"}]})",
      kFinding, "/streams/0",
      "found 0 of video yuv420p 1280 wide 720 high, expected at least 1; the file has video hevc yuv420p10le "
      "1920 wide 1080 high");
}

TEST_F(VerifyPlan, AFullDecodeIsHeldAgainstTheLengthThatTheFileTells) {
  const auto least = [&](const std::string& streams, const char* extra) {
    put("out.mkv", streams, "10.0", 10);
    const Planned planned = plan(fmt::format(R"({{"file":"out.mkv",{}}})", extra));
    const auto* const seconds = planned.plan.value().expected.if_contains("least_s");
    return seconds == nullptr ? -1 : seconds->as_double();
  };
  const std::string subtitle = R"({"codec_type":"subtitle","codec_name":"subrip"})";
  const std::string long_sound = R"({"codec_type":"audio","codec_name":"aac","duration":"8.0"})";
  EXPECT_EQ(least(kFilm, R"("full":true)"), 9);
  EXPECT_EQ(least(kFilm, R"("full":true,"source":"in.mkv","duration":{"tolerance_s":0.25})"), 9.75);
  EXPECT_EQ(least(fmt::format("{},{}", kFilm, subtitle), R"("full":true)"),
            -1);  // 10 s may be the subtitle's
  EXPECT_EQ(least(fmt::format("{},{}", long_sound, subtitle), R"("full":true)"), 7);
  EXPECT_EQ(least(fmt::format("{},{}", long_sound, kCover), R"("full":true)"), 7);
  EXPECT_EQ(least(kFilm, R"("full":false,"source":"in.mkv","ssim":0.9)"), -1);
}

TEST_F(VerifyPlan, EveryComparisonNeedsASourceThatIsAnotherFile) {
  for (const char* check : {R"("ssim":0.9)", R"("psnr":30)", R"("vmaf":90)", R"("smaller_than":1)",
                            R"("ss":1)", R"("to":1)", R"("t":1)", R"("duration":{})"}) {
    const std::string pointer = "/" + std::string(check + 1, std::string_view(check).find('"', 1) - 1);
    expect_one(fmt::format(R"({{"file":"out.mkv",{}}})", check), kDocument, pointer, "give source, too");
  }
  expect_one(R"({"file":"out.mkv","source":"./out.mkv"})", kDocument, "/source", "is also the file");
}

TEST_F(VerifyPlan, WhatCannotBeReadIsFoundBeforeAnythingRuns) {
  expect_one(R"({"file":"gone.mkv"})", kEnvironment, "/file", "does not exist");
  expect_one(R"({"file":"out.mkv","source":"gone.mkv"})", kEnvironment, "/source", "does not exist");
  expect_one(R"({"file":"."})", kEnvironment, "/file", "is not a regular file");
  write_text(folder_ / "text.mkv", "x");
  facts_.probes[source_probe(folder_ / "text.mkv").key] = {1, "", "Invalid data found\n"};
  expect_one(R"({"file":"text.mkv"})", kFinding, "/file", "ffprobe can read: Invalid data found");
}

TEST_F(VerifyPlan, WhatAnEarlierTaskWritesIsJudgedWhenItIsThere) {
  facts_.written_before.insert(folder_ / "out.mkv");
  constexpr const char* kData = R"({"file":"out.mkv","source":"in.mkv","streams":[{"type":"subtitle"}]})";
  const Planned before = plan(kData);
  EXPECT_THAT(before.problems, IsEmpty());
  ASSERT_TRUE(before.plan);
  EXPECT_THAT(before.plan->results, IsEmpty());
  EXPECT_EQ(before.deferred, "");
  facts_.earlier_tasks_done = true;
  expect_one(kData, kFinding, "/streams/0", "found 0 of subtitle");
}

TEST_F(VerifyPlan, WhatNeedsThePicturesIsOneRunWithoutNamesInItsGraph) {
  put("a'[b],c:d;.mkv", fmt::format("{},{}", kFilm, kSound), "4", 10);
  const Planned planned = plan(
      R"({"file":"a'[b],c:d;.mkv","source":"in.mkv","full":true,"ssim":0.95,"psnr":40,"ss":"0:02","t":4})");
  EXPECT_THAT(planned.problems, IsEmpty());
  ASSERT_TRUE(planned.plan);
  EXPECT_TRUE(planned.plan->encodes);
  EXPECT_EQ(planned.plan->total_frames, 100);
  const auto& argv = std::get<RunProgram>(planned.plan->action).argv;
  EXPECT_EQ(argv.front(), "/usr/bin/ffmpeg");
  const auto at = [&](const std::string& word) { return std::find(argv.begin(), argv.end(), word); };
  const auto file = at("file:" + (folder_ / "a'[b],c:d;.mkv"));
  const auto cut = at("-ss");
  const auto source = at("file:" + (folder_ / "in.mkv"));
  ASSERT_TRUE(file < cut && cut < source && source < argv.end());
  EXPECT_THAT(std::vector(cut, cut + 4), ElementsAre("-ss", "0:02", "-t", "4"));
  const std::string& graph = *(at("-filter_complex") + 1);
  EXPECT_THAT(graph, HasSubstr("[file_ssim0][aligned_ssim0]ssim"));
  EXPECT_THAT(graph, HasSubstr("[file_psnr2][aligned_psnr2]psnr"));
  EXPECT_THAT(graph, Not(HasSubstr("mkv")));
  EXPECT_THAT(argv, Contains("0:a?"));
  EXPECT_THAT(std::vector(argv.end() - 3, argv.end()), ElementsAre("-f", "null", "-"));
}

TEST_F(VerifyPlan, ADecodeAloneDoesNotReadTheSource) {
  const Planned planned = plan(R"({"file":"out.mkv","source":"in.mkv","full":true})");
  const auto& argv = std::get<RunProgram>(planned.plan.value().action).argv;
  EXPECT_THAT(argv, Not(Contains("file:" + (folder_ / "in.mkv"))));
  EXPECT_THAT(argv, Not(Contains("-filter_complex")));
}

TEST_F(VerifyPlan, PicturesAreComparedOnlyWhereThereAreSome) {
  put("song.mka", fmt::format("{},{}", kSound, kCover), "10", 10);
  put("subs.srt", R"({"codec_type":"subtitle","codec_name":"subrip"})", "10", 10);
  expect_one(R"({"file":"song.mka","source":"in.mkv","ssim":0.9,"streams":[{"type":"audio"}]})", kFinding,
             "/ssim", "the file has no video to compare");
  expect_one(R"({"file":"out.mkv","source":"song.mka","psnr":30,"streams":[{"type":"video"}]})", kEnvironment,
             "/psnr", "the source has no video to compare");
  expect_one(R"({"file":"subs.srt","full":true})", kFinding, "/full", "neither sound nor pictures");
  EXPECT_THAT(plan(R"({"file":"song.mka","full":true})").problems, IsEmpty());
}

TEST_F(VerifyPlan, VmafNeedsAnFfmpegThatHasIt) {
  constexpr const char* kData = R"({"file":"out.mkv","source":"in.mkv","vmaf":90})";
  facts_.probes[ffmpeg_filters_probe().key] = {0, " T.. ssim  VV->V  Calculate the SSIM.\n", ""};
  expect_one(kData, kEnvironment, "/vmaf", "built without the filter libvmaf");
  facts_.probes[ffmpeg_filters_probe().key] = {0, " T.. libvmaf  VV->V  Calculate the VMAF.\n", ""};
  const Planned planned = plan(kData);
  EXPECT_THAT(planned.problems, IsEmpty());
  EXPECT_THAT(std::get<RunProgram>(planned.plan.value().action).argv,
              Contains(HasSubstr("[file_vmaf1][aligned_vmaf1]libvmaf=")));
}

TEST_F(VerifyPlan, AsksForNoMoreThanItsChecksNeed) {
  const auto needs = [&](std::string_view data) {
    return module_.needs(parsed(data).as_object(), facts_.working_directory);
  };
  const Needs cheap = needs(R"({"file":"out.mkv","source":"gone.mkv","full":false})");
  EXPECT_THAT(cheap.programs, ElementsAre("ffprobe"));
  ASSERT_EQ(cheap.probes.size(), 1U);
  EXPECT_EQ(cheap.probes[0].path, folder_ / "out.mkv");
  const Needs dear = needs(R"({"file":"out.mkv","source":"in.mkv","vmaf":90})");
  EXPECT_THAT(dear.programs, ElementsAre("ffprobe", "ffmpeg"));
  EXPECT_EQ(dear.probes.back().key, ffmpeg_filters_probe().key);
}

TEST_F(VerifyPlan, TheSchemaRefusesUnknownKeysAndFloorsOutOfRange) {
  for (const char* data :
       {R"({})", R"({"file":""})", R"({"file":"a","soruce":"b"})", R"({"file":"a","ssim":1.1})",
        R"({"file":"a","ssim":0})", R"({"file":"a","psnr":101})", R"({"file":"a","vmaf":-1})",
        R"({"file":"a","smaller_than":0})", R"({"file":"a","ss":-1})", R"({"file":"a","ss":"soon"})",
        R"({"file":"a","duration":{"tolerance_s":-1}})", R"({"file":"a","duration":{"tolerance":1}})",
        R"({"file":"a","streams":[]})", R"({"file":"a","streams":[{"type":"films"}]})",
        R"({"file":"a","streams":[{"type":"video","count":-1}]})"}) {
    EXPECT_EQ(check_schema(module_.schema(), parsed(data)).size(), 1U) << data;
  }
  EXPECT_THAT(
      check_schema(module_.schema(), parsed(R"({"file":"a","source":"b","ss":"1:02:03.5","to":90,"t":"5s",
      "duration":{"tolerance_s":0.5},"smaller_than":0.8,"full":true,"ssim":1,"psnr":40,"vmaf":95})")),
      IsEmpty());
}

}  // namespace
}  // namespace sisyphus::modules
