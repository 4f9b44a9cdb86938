#include "modules/ffmpeg.hpp"

#include "modules/ffmpeg_checks.hpp"
#include "tests/modules/support.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kFilm =
    R"({"streams":[{"codec_type":"video","codec_name":"h264","nb_frames":"50","duration":"2","avg_frame_rate":"25/1"},
        {"codec_type":"audio","codec_name":"aac","tags":{"language":"eng"}}],"format":{"duration":"2"}})";

class FfmpegPlan : public ::testing::Test {
 protected:
  FfmpegPlan() {
    facts_.working_directory = folder_.path();
    facts_.attempt_folder = ".sisyphus-job-1";
    facts_.programs = {{"ffmpeg", "/usr/bin/ffmpeg"}, {"ffprobe", "/usr/bin/ffprobe"}};
    write_text(folder_ / "in.mkv", "x");
    facts_.probes["ffprobe:" + folder_ / "in.mkv"] = {0, kFilm, ""};
  }

  Planned plan(std::string_view data) { return module_.plan(parsed(data).as_object(), facts_); }

  // A task with these source maps and, behind them, further keys.
  Planned plan_maps(const std::string& maps, const std::string& more = "") {
    return plan(R"({"sources":["in.mkv"],"source_maps":)" + maps +
                R"(,"output_maps":[],"output_file":"out.mkv")" + more + "}");
  }

  void expect_one(const Planned& planned, Problem::Kind kind, const std::string& pointer,
                  const std::string& part) {
    ASSERT_EQ(planned.problems.size(), 1U) << ::testing::PrintToString(planned.problems);
    EXPECT_EQ(planned.problems[0].kind, kind);
    EXPECT_EQ(planned.problems[0].pointer, pointer);
    EXPECT_THAT(planned.problems[0].message, HasSubstr(part));
    EXPECT_EQ(planned.plan.has_value(), kind == Problem::Kind::environment);
  }

  static constexpr auto kDocument = Problem::Kind::document;
  static constexpr auto kEnvironment = Problem::Kind::environment;
  const testing::TempFolder folder_;
  const FfmpegModule module_;
  Facts facts_;
};

TEST_F(FfmpegPlan, RunsOnAbsolutePathsIntoTheAttemptsFolder) {
  const Planned planned = plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0,"specifier":"video"}],
      "output_maps":[{"specifier":"v","stream":0,"options":{"crf":19.0}}],"output_file":"-o %d:'@.mkv",
      "input_options":{"ss":1,"protocol_whitelist":"http"}})");
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  ASSERT_TRUE(planned.plan);
  const std::string staged = folder_ / ".sisyphus-job-1/-o %d:'@.mkv";
  EXPECT_THAT(std::get<RunProgram>(planned.plan->action).argv,
              ElementsAre("/usr/bin/ffmpeg", "-nostdin", "-hide_banner", "-y", "-nostats", "-stats_period",
                          "0.2", "-ss", "1", "-protocol_whitelist", "http", "-progress", "pipe:1",
                          "-protocol_whitelist", "file,pipe,crypto,data", "-i", "file:" + folder_ / "in.mkv",
                          "-map", "0:v", "-crf:v:0", "19.0", "file:" + staged));
  ASSERT_EQ(planned.plan->outputs.size(), 1U);
  EXPECT_EQ(planned.plan->outputs[0].path, folder_ / "-o %d:'@.mkv");
  EXPECT_EQ(planned.plan->outputs[0].staged, staged);
  EXPECT_FALSE(planned.plan->outputs[0].replace);
  EXPECT_THAT(planned.plan->writes, ElementsAre(folder_ / "-o %d:'@.mkv"));
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "in.mkv"));
  EXPECT_EQ(planned.plan->total_frames, 25);
  EXPECT_EQ(planned.plan->stop, StopPolicy::kill);
  EXPECT_FALSE(planned.plan->irreversible);
  ASSERT_TRUE(module_.progress(*planned.plan));
}

TEST_F(FfmpegPlan, NeedsProbesOfTheFilesThatAreThere) {
  const auto data = parsed(R"({"sources":["in.mkv","none.mkv","."],"source_maps":[{"source":0}],
      "output_maps":[{"stream":0,"option_set":"b"},{"stream":1,"option_set":"a"},{"stream":2,"option_set":"b"}],
      "output_file":"out.mkv"})");
  const Needs needs = module_.needs(data.as_object(), folder_.path());
  EXPECT_THAT(needs.programs, ElementsAre("ffmpeg", "ffprobe"));
  EXPECT_THAT(needs.option_sets, ElementsAre("b", "a"));
  ASSERT_EQ(needs.probes.size(), 3U);  // what the option sets may name is asked for, too
  EXPECT_EQ(needs.probes[2].key, "ffprobe:" + folder_ / "in.mkv");
  EXPECT_EQ(needs.probes[2].path, folder_ / "in.mkv");
  EXPECT_EQ(needs.probes[2].argv.front(), "ffprobe");
  EXPECT_EQ(needs.probes[2].argv.back(), "file:" + folder_ / "in.mkv");
}

TEST_F(FfmpegPlan, ASourceWhoseFormatIsForcedIsNotProbed) {
  const auto data = parsed(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],
      "output_file":"out.mkv","input_options":{"f":"rawvideo"}})");
  EXPECT_TRUE(module_.needs(data.as_object(), folder_.path()).probes.empty());
}

TEST_F(FfmpegPlan, ValuesTurnIntoArguments) {
  const Planned planned =
      plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0,"stream":1,"optional":true}],
      "output_maps":[{"specifier":"Attachment","stream":0,"options":{"a":true,"b":null,"c":false,"d":"","e":{},"f":[],
        "g":{"x":1,"y":2.0,"z":"w","n":null,"t":true,"f":false},"h":[1,"b",0.5],"metadata:s":"a \"b\" c"}}],
      "output_file":"out.mkv"})");
  ASSERT_TRUE(planned.plan);
  EXPECT_THAT(planned.plan->argv,
              ElementsAre("ffmpeg", "-progress", "pipe:1", "-i", "in.mkv", "-map", "0:1?", "-a:t:0", "-b:t:0",
                          "-d:t:0", "", "-g:t:0", "x=1:y=2.0:z=w:n:t=1:f=0", "-h:t:0", "1,b,0.5",
                          "-metadata:s:t:0", "a \"b\" c", folder_ / "out.mkv"));
}

TEST_F(FfmpegPlan, InputOptionsHaveTheSameKindsOfValues) {
  const Planned planned =
      plan_maps(R"([{"source":0,"specifier":""}])",
                R"(,"input_options":{"a":true,"b":false,"c":"","d":{"x":1,"y":null},"e":[1,2.0],
      "f":{},"g":[],"h":18446744073709551615})");
  ASSERT_TRUE(planned.plan);
  EXPECT_THAT(planned.plan->argv, ElementsAre("ffmpeg", "-a", "-c", "", "-d", "x=1:y", "-e", "1,2.0", "-h",
                                              "18446744073709551615", "-progress", "pipe:1", "-i", "in.mkv",
                                              "-map", "0", folder_ / "out.mkv"));
}

TEST_F(FfmpegPlan, AnOptionSetThatIsNotThereIsNamedWithTheCommandThatStoresIt) {
  const Planned planned = plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],
      "output_maps":[{"stream":0,"options":{}},{"stream":1,"option_set":"opus"}],"output_file":"out.mkv"})");
  expect_one(planned, kDocument, "/output_maps/1/option_set", "sisyphus data put ffmpeg opus FILE");
}

TEST_F(FfmpegPlan, AnOptionSetIsCheckedAsOptionsInPlaceAre) {
  facts_.option_sets["bad"] = parsed(R"({"x":{"y":{}}})").as_object();
  const Planned planned = plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],
      "output_maps":[{"stream":0,"option_set":"bad"}],"output_file":"out.mkv"})");
  expect_one(planned, kDocument, "/output_maps/0/options/x/y", "in the option set: found an empty object");
}

TEST_F(FfmpegPlan, AMissingProgramIsNamed) {
  facts_.programs.erase("ffmpeg");
  const Planned planned = plan_maps(R"([{"source":0}])");
  expect_one(planned, kEnvironment, "", "ffmpeg is not on PATH");
}

TEST_F(FfmpegPlan, ASourceMustBeThereOrBeWrittenBefore) {
  const char* const task = R"({"sources":["in.mkv","./x/../none.mkv"],"source_maps":[{"source":1,"stream":7}],
      "output_maps":[],"output_file":"out.mkv"})";
  expect_one(plan(task), kEnvironment, "/sources/1", "does not exist");
  facts_.written_before.insert(folder_ / "none.mkv");
  EXPECT_TRUE(plan(task).problems.empty());
}

TEST_F(FfmpegPlan, ASourceMustBeAMediaFile) {
  facts_.probes["ffprobe:" + folder_ / "in.mkv"] = {1, "{\n}", "in.mkv: Invalid data found\n"};
  expect_one(plan_maps(R"([{"source":0}])"), kEnvironment, "/sources/0", "in.mkv: Invalid data found");
  std::filesystem::remove(folder_ / "in.mkv");
  std::filesystem::create_directory(folder_ / "in.mkv");
  expect_one(plan_maps(R"([{"source":0}])"), kEnvironment, "/sources/0", "is a folder");
}

TEST_F(FfmpegPlan, AMapNamesASourceAndAStreamThatExist) {
  expect_one(plan_maps(R"([{"source":0},{"source":1}])"), kDocument, "/source_maps/1/source",
             "there is no source 1; the only one is source 0");
  expect_one(
      plan_maps(R"([{"source":0,"specifier":"a","stream":1}])"), kEnvironment, "/source_maps/0",
      "source 0 (in.mkv) has no audio stream 1, counted from 0; it has 1 video (h264), 1 audio (aac eng)");
  EXPECT_TRUE(plan_maps(R"([{"source":0,"specifier":"s","optional":true}])").problems.empty());
}

TEST_F(FfmpegPlan, TheOutputIsNoneOfTheSources) {
  expect_one(plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],
      "output_file":".//in.mkv","overwrite":true})"),
             kDocument, "/output_file", "is also source 0");
  std::filesystem::create_symlink("in.mkv", folder_ / "link.mkv");
  expect_one(plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],
      "output_file":"link.mkv","overwrite":true})"),
             kEnvironment, "/output_file", "is also source 0");
}

TEST_F(FfmpegPlan, AnExistingOutputIsKeptUnlessToldOtherwise) {
  write_text(folder_ / "out.mkv", "old");
  expect_one(plan_maps(R"([{"source":0}])"), kEnvironment, "/output_file", "set overwrite to true");
  const Planned told = plan_maps(R"([{"source":0}])", R"(,"overwrite":true)");
  EXPECT_TRUE(told.problems.empty());
  EXPECT_TRUE(told.plan->outputs.at(0).replace);
  EXPECT_EQ(told.plan->argv.at(1), "-y");
  facts_.own_outputs.insert(folder_ / "out.mkv");  // an earlier attempt of this job wrote it
  const Planned again = plan_maps(R"([{"source":0}])");
  EXPECT_TRUE(again.problems.empty());
  EXPECT_TRUE(again.plan->outputs.at(0).replace);
}

TEST_F(FfmpegPlan, TheOutputsFolderMustBeThere) {
  expect_one(
      plan(
          R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],"output_file":"no/out.mkv"})"),
      kEnvironment, "/output_file", "does not exist");
  std::filesystem::create_directory(folder_ / "films");
  expect_one(
      plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],"output_file":"films"})"),
      kEnvironment, "/output_file", "an existing folder");
  expect_one(
      plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],"output_file":"films/"})"),
      kDocument, "/output_file", "names a folder");
  expect_one(
      plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_maps":[],"output_file":"x/.."})"),
      kDocument, "/output_file", "names a folder");
}

TEST_F(FfmpegPlan, AnEncoderThatThisFfmpegHasNotIsAProblem) {
  facts_.probes["ffmpeg:codecs"] = {0, " DEV.LS h264   H.264 (encoders: libx264 )\n", ""};
  expect_one(plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_file":"out.mkv",
                 "output_maps":[{"specifier":"v","stream":0,"options":{"codec":"libx246"}}]})"),
             kEnvironment, "/output_maps/0/options/codec", "did you mean libx264?");
}

TEST_F(FfmpegPlan, RightBeforeTheRunAFileOfAnEarlierTaskIsLookedAt) {
  facts_.written_before = {folder_ / "in.mkv", folder_ / "none.mkv"};
  const std::string maps = R"([{"source":0,"specifier":"a","stream":1}])";
  EXPECT_EQ(plan_maps(maps).problems, std::vector<Problem>{});
  facts_.earlier_tasks_done = true;
  expect_one(plan_maps(maps), kEnvironment, "/source_maps/0", "has no audio stream 1");
  expect_one(
      plan(R"({"sources":["none.mkv"],"source_maps":[{"source":0}],"output_maps":[],"output_file":"o.mkv"})"),
      kEnvironment, "/sources/0", "does not exist");
}

TEST_F(FfmpegPlan, WhatAnEarlierTaskWillWriteIsForetoldForSoundAndSubtitles) {
  facts_.written_before = {folder_ / "new.mkv"};
  facts_.streams_before[folder_ / "new.mkv"] = {"video", "audio", "subtitles"};
  const auto map = [&](const std::string& text) {
    return plan(R"({"sources":["new.mkv"],"source_maps":[)" + text +
                R"(],"output_maps":[],"output_file":"o.mkv"})");
  };
  EXPECT_EQ(
      map(R"({"source":0,"specifier":"s","stream":0},{"source":0,"specifier":"a","stream":0})").problems,
      std::vector<Problem>{});
  expect_one(map(R"({"source":0,"specifier":"s","stream":1})"), kEnvironment, "/source_maps/0",
             "has no subtitle stream 1");
  EXPECT_EQ(map(R"({"source":0,"specifier":"a","stream":1,"optional":true})").problems,
            std::vector<Problem>{});
  // A picture among the attachments would be one.
  EXPECT_EQ(map(R"({"source":0,"specifier":"v","stream":1})").problems, std::vector<Problem>{});
}

TEST_F(FfmpegPlan, CopyingAllStreamsIsNoEncoding) {
  const auto encodes = [&](const std::string& maps) {
    return plan(R"({"sources":["in.mkv"],"source_maps":[{"source":0}],"output_file":"o.mkv","output_maps":)" +
                maps + "}")
        .plan->encodes;
  };
  EXPECT_TRUE(encodes("[]"));
  EXPECT_FALSE(encodes(R"([{"stream":0,"options":{"codec":"copy"}},{"stream":1,"options":{"c":"copy"}}])"));
  EXPECT_TRUE(encodes(R"([{"stream":0,"options":{"codec":"copy"}},{"stream":1,"options":{"c":"aac"}}])"));
}

TEST_F(FfmpegPlan, AllProblemsAreToldInTheOrderOfTheDocument) {
  const Planned planned = plan(R"({"output_file":"no/out.mkv","sources":["a","b"],"output_maps":[],
      "source_maps":[{"source":5}]})");
  std::vector<std::string> pointers;
  for (const Problem& problem : planned.problems) pointers.push_back(problem.pointer);
  EXPECT_THAT(pointers, ElementsAre("/output_file", "/sources/0", "/sources/1", "/source_maps/0/source"));
}

}  // namespace
}  // namespace sisyphus::modules
