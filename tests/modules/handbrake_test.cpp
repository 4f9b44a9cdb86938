#include "modules/handbrake.hpp"

#include "modules/schema.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HandbrakePlan : public ::testing::Test {
 protected:
  HandbrakePlan() {
    facts_.working_directory = folder_.path();
    facts_.attempt_folder = ".sisyphus-job-1";
    facts_.programs = {
        {"HandBrakeCLI", "/usr/bin/HandBrakeCLI"}, {"stdbuf", "/usr/bin/stdbuf"}, {"env", "/usr/bin/env"}};
    write_text(folder_ / "in.mkv", "x");
  }

  // A task with further keys; it passes the schema.
  Planned plan(const std::string& more = "", const std::string& source = "in.mkv",
               const std::string& output = "out.mkv") {
    boost::json::object data{{"source", source}, {"output_file", output}};
    const boost::json::value over = parsed("{" + more + "}");
    for (const auto& [key, value] : over.as_object()) data[key] = value;
    EXPECT_EQ(check_schema(module_.schema(), data), std::vector<Problem>{}) << more;
    return module_.plan(data, facts_);
  }

  // What one section adds to the vector, as one line with "|" between the arguments.
  std::string options(const std::string& section, const std::string& text) {
    return joined_behind(plan("\"" + section + "\":{" + text + "}").plan.value().argv, 5);
  }
  std::string filters(const std::string& text) { return options("filters_options", text); }
  std::string subtitles(const std::string& text) { return options("subtitles_options", text); }

  static std::string joined_behind(const std::vector<std::string>& argv, std::size_t first) {
    std::string text;
    for (std::size_t i = first; i < argv.size(); ++i) text += (i == first ? "" : "|") + argv[i];
    return text;
  }
  static const std::vector<std::string>& run_argv(const Planned& planned) {
    return std::get<RunProgram>(planned.plan.value().action).argv;
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
  const HandbrakeModule module_;
  Facts facts_;
};

TEST_F(HandbrakePlan, RunsOnAbsolutePathsIntoTheAttemptsFolder) {
  write_text(folder_ / "-i %d:'@.mkv", "x");
  const Planned planned = plan(R"("video_options":{"quality":20})", "-i %d:'@.mkv", "--out $x\n.mkv");
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  const std::string staged = folder_ / ".sisyphus-job-1/--out $x\n.mkv";
  EXPECT_THAT(run_argv(planned),
              ElementsAre("/usr/bin/env", "TMPDIR=" + folder_ / ".sisyphus-job-1", "/usr/bin/stdbuf", "-oL",
                          "/usr/bin/HandBrakeCLI", "--input", folder_ / "-i %d:'@.mkv", "--output", staged,
                          "--quality", "20", "--json"));
  EXPECT_THAT(planned.plan->argv, ElementsAre("HandBrakeCLI", "--input", "-i %d:'@.mkv", "--output",
                                              "--out $x\n.mkv", "--quality", "20"));
  ASSERT_EQ(planned.plan->outputs.size(), 1U);
  EXPECT_EQ(planned.plan->outputs[0].path, folder_ / "--out $x\n.mkv");
  EXPECT_EQ(planned.plan->outputs[0].staged, staged);
  EXPECT_TRUE(planned.plan->outputs[0].replace);
  EXPECT_THAT(planned.plan->writes, ElementsAre(folder_ / "--out $x\n.mkv"));
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "-i %d:'@.mkv"));
  EXPECT_EQ(planned.plan->stop, StopPolicy::kill);
  EXPECT_FALSE(planned.plan->irreversible);
  EXPECT_TRUE(module_.progress(*planned.plan));
}

TEST_F(HandbrakePlan, AFlagThatIsTrueStandsAlone) {
  EXPECT_EQ(options("video_options", R"("two_pass":true,"vfr":true,"disable_hw_decoding":true)"),
            "--two-pass|--vfr|--disable-hw-decoding");
  EXPECT_EQ(options("destination_options", R"("markers":true,"inline_parameter_sets":true)"),
            "--markers|--inline-parameter-sets");
  EXPECT_EQ(filters(R"("decomb":true,"rotate":true,"grayscale":true)"), "--decomb|--rotate|--grayscale");
  EXPECT_EQ(subtitles(R"("subtitle_default":true,"srt_burn":true)"), "--subtitle-default|--srt-burn");
}

TEST_F(HandbrakePlan, AFlagThatIsFalseIsNegatedWhereTheProgramKnowsHow) {
  EXPECT_EQ(options("destination_options",
                    R"("markers":false,"optimize":false,"ipod_atom":false,"align_av":false)"),
            "--no-markers|--no-optimize|--no-ipod-atom|--no-align-av");
  EXPECT_EQ(options("picture_options", R"("keep_display_aspect":false,"itu_par":false)"),
            "--no-keep-display-aspect|--no-itu-par");
  EXPECT_EQ(filters(R"("bwdif":false,"deblock":false,"pad":false,"colorspace":false,"chroma_smooth":false)"),
            "--no-bwdif|--no-deblock|--no-pad|--no-colorspace|--no-chroma-smooth");
}

TEST_F(HandbrakePlan, AFlagThatIsFalseIsLeftOutWhereThereIsNoNegation) {
  EXPECT_EQ(
      options(
          "video_options",
          R"("vfr":false,"cfr":false,"pfr":false,"enable_hw_decoding":false,"disable_hw_decoding":false)"),
      "");
  EXPECT_EQ(options("audio_options", R"("all_audio":false,"first_audio":false)"), "");
  EXPECT_EQ(options("source_options", R"("main_feature":false)"), "");
  EXPECT_EQ(options("destination_options", R"("inline_parameter_sets":false)"), "");
  EXPECT_EQ(options("picture_options", R"("auto_anamorphic":false,"loose_anamorphic":false)"), "");
  EXPECT_EQ(filters(R"("rotate":false,"denoise":false)"), "");
  EXPECT_EQ(subtitles(R"("subtitle_forced":false,"subtitle_burned":false,"subtitle_default":false,
                          "srt_default":false,"ssa_burn":false,"native_dub":false,"all_subtitles":false)"),
            "");
}

TEST_F(HandbrakePlan, HardwareDecodingNamesItsDecoder) {
  EXPECT_EQ(options("video_options", R"("enable_hw_decoding":true)"), "--enable-hw-decoding|nvdec");
  EXPECT_EQ(options("video_options", R"("enable_hw_decoding":"nvdec")"), "--enable-hw-decoding|nvdec");
}

TEST_F(HandbrakePlan, AnOptionalArgumentIsWrittenWithAnEqualsSign) {
  EXPECT_EQ(
      subtitles(
          R"("subtitle":[2,1],"subtitle_default":1,"subtitle_forced":[1,2],"subtitle_burned":"native")"),
      "--subtitle|2,1|--subtitle-default=1|--subtitle-forced=1,2|--subtitle-burned=native");
  EXPECT_EQ(subtitles(R"("srt_default":2,"srt_burn":1,"ssa_default":1,"ssa_burn":2)"),
            "--srt-default=2|--srt-burn=1|--ssa-default=1|--ssa-burn=2");
  EXPECT_EQ(
      filters(R"("deinterlace":"bob","denoise":"light","nlmeans_tune":"film","unsharp":{"preset":"strong"})"),
      "--deinterlace=bob|--denoise=light|--nlmeans-tune|film|--unsharp=strong");
}

TEST_F(HandbrakePlan, AFilterIsAPresetOrItsSettings) {
  EXPECT_EQ(filters(R"("comb_detect":{"mode":3,"spatial_metric":2,"disable":true})"),
            "--comb-detect=mode=3:spatial-metric=2:disable=1");
  EXPECT_EQ(filters(R"("hqdn3d":{"custom":{"y_spatial":1.5,"cb_spatial":2.0}})"),
            "--hqdn3d=y-spatial=1.5:cb-spatial=2.0");
  EXPECT_EQ(filters(R"("rotate":{"angle":90,"hflip":true})"), "--rotate=angle=90:hflip=1");
  EXPECT_EQ(filters(R"("lapsharp":{"y_strength":0.2,"y_kernel":"isolap"})"),
            "--lapsharp=y-strength=0.2:y-kernel=isolap");
  EXPECT_EQ(filters(R"("colorspace":{"preset":"bt709"},"pad":{"top":4,"color":"#ff0000"})"),
            "--colorspace|bt709|--pad|top=4:color=#ff0000");
}

TEST_F(HandbrakePlan, NoneIsAWord) {
  EXPECT_EQ(options("audio_options", R"("audio":null)"), "--audio|None");
  EXPECT_EQ(subtitles(R"("subtitle":null,"subtitle_default":null)"),
            "--subtitle|None|--subtitle-default=None");
  EXPECT_EQ(subtitles(R"("subtitle":false)"), "--subtitle|none");
}

TEST_F(HandbrakePlan, ListsAreJoinedByCommas) {
  EXPECT_EQ(options("audio_options",
                    R"("audio":[1,2],"normalize_mix":[true,false,1],"drc":[1,2.5],"arate":[44.1,"auto"])"),
            "--audio|1,2|--normalize-mix|1,0,1|--drc|1,2.5|--arate|44.1,auto");
  EXPECT_EQ(options("audio_options", R"("gain":[-3,0.5],"audio_lang_list":["eng","deu"],"ab":[])"),
            "--gain|-3,0.5|--audio-lang-list|eng,deu|--ab|");
}

TEST_F(HandbrakePlan, EncoderOptionsAreJoinedByColons) {
  EXPECT_EQ(
      options(
          "video_options",
          R"("encopts":{"no_sao":null,"aq-mode":3,"psy_rd":2.0,"weightb":true,"b":false,"deblock":"1,1"})"),
      "--encopts|no-sao:aq-mode=3:psy-rd=2.0:weightb=1:b=0:deblock=1,1");
}

TEST_F(HandbrakePlan, MomentsAndSidesHaveTheirOwnForms) {
  EXPECT_EQ(options("source_options", R"("start_at":{"seconds":1.5},"stop_at":{"seconds":10})"),
            "--start-at|seconds:1.5|--stop-at|seconds:10");
  EXPECT_EQ(options("source_options", R"("stop_at":{"pts":900000},"previews":"30:1")"),
            "--stop-at|pts:900000|--previews|30:1");
  EXPECT_EQ(options("picture_options", R"("crop":{"right":4,"bottom":2},"max_width":1920,"max_height":1080)"),
            "--crop|0:2:0:4|--maxWidth|1920|--maxHeight|1080");
}

TEST_F(HandbrakePlan, TheOriginalsSpellingOfFirstSubtitleIsTaken) {
  EXPECT_EQ(subtitles(R"("first_subtitles":true)"), "--first-subtitle");
}

TEST_F(HandbrakePlan, NamesWithCommasStayWholeWhenItRuns) {
  const std::string names = R"("audio_options":{"audio":[1,2,3],"aname":["a, b","it's","say \"hi\", x"]})";
  const Planned planned = plan(names);
  EXPECT_EQ(joined_behind(planned.plan->argv, 7), "--aname|a, b,it's,say \"hi\", x");
  EXPECT_EQ(joined_behind(run_argv(planned), 11), "--aname|\"a, b\",it's,\"say hi, x\"|--json");
  EXPECT_THAT(planned.warnings, ElementsAre(HasSubstr("cannot write the double quotes of say \"hi\", x")));
}

TEST_F(HandbrakePlan, SubtitleFilesAreSourcesToo) {
  write_text(folder_ / "a,b.srt", "x");
  const Planned planned = plan(R"("subtitles_options":{"srt_file":["a,b.srt"]})");
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "in.mkv", folder_ / "a,b.srt"));
  EXPECT_EQ(joined_behind(planned.plan->argv, 5), "--srt-file|a,b.srt");
  EXPECT_EQ(joined_behind(run_argv(planned), 9), "--srt-file|\"" + folder_ / "a,b.srt" + "\"|--json");
  expect_one(plan(R"("subtitles_options":{"ssa_file":["none.ssa"]})"), kEnvironment,
             "/subtitles_options/ssa_file/0",
             "the subtitle file " + folder_ / "none.ssa" + " does not exist");
  expect_one(plan(R"("subtitles_options":{"srt_file":["."]})"), kEnvironment, "/subtitles_options/srt_file/0",
             "is a folder");
  write_text(folder_ / "q\".srt", "x");
  expect_one(plan(R"("subtitles_options":{"srt_file":["q\".srt"]})"), kEnvironment,
             "/subtitles_options/srt_file/0", "holds a double quote");
}

TEST_F(HandbrakePlan, ASourceMustBeThereOrBeWrittenBefore) {
  expect_one(plan("", "./x/../none.mkv"), kEnvironment, "/source", "does not exist");
  facts_.written_before.insert(folder_ / "none.mkv");
  EXPECT_EQ(plan("", "./x/../none.mkv").problems, std::vector<Problem>{});
}

TEST_F(HandbrakePlan, ASourceMayBeTheFolderOfADisc) {
  std::filesystem::create_directory(folder_ / "VIDEO_TS");
  EXPECT_EQ(plan("", "VIDEO_TS").problems, std::vector<Problem>{});
}

TEST_F(HandbrakePlan, TheOutputIsNoneOfTheSources) {
  expect_one(plan("", "in.mkv", ".//in.mkv"), kDocument, "/output_file", "is also the source");
  std::filesystem::create_symlink("in.mkv", folder_ / "link.mkv");
  expect_one(plan("", "in.mkv", "link.mkv"), kEnvironment, "/output_file", "is also the source");
}

TEST_F(HandbrakePlan, RightBeforeTheRunAFileOfAnEarlierTaskMustBeThere) {
  facts_.written_before = {folder_ / "new.mkv"};
  EXPECT_EQ(plan("", "new.mkv").problems, std::vector<Problem>{});
  facts_.earlier_tasks_done = true;
  expect_one(plan("", "new.mkv"), kEnvironment, "/source", "does not exist");
}

TEST_F(HandbrakePlan, AnExistingOutputIsReplaced) {
  write_text(folder_ / "out.mkv", "old");
  const Planned planned = plan();
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  EXPECT_TRUE(planned.plan->outputs.at(0).replace);
}

TEST_F(HandbrakePlan, TheOutputsFolderMustBeThere) {
  expect_one(plan("", "in.mkv", "no/out.mkv"), kEnvironment, "/output_file", "does not exist");
  expect_one(plan("", "in.mkv", "."), kDocument, "/output_file", "names a folder");
  expect_one(plan("", "in.mkv", "x/.."), kDocument, "/output_file", "names a folder");
  expect_one(plan("", "in.mkv", "out/"), kDocument, "/output_file", "names a folder");
}

TEST_F(HandbrakePlan, StartAndStopHaveTheSameUnit) {
  expect_one(plan(R"("source_options":{"start_at":{"seconds":1},"stop_at":{"frames":5}})"), kDocument,
             "/source_options/stop_at", "found the unit frames, expected seconds as in start_at");
}

TEST_F(HandbrakePlan, APresetAndSettingsExcludeEachOther) {
  expect_one(plan(R"("filters_options":{"hqdn3d":{"y_spatial":1,"preset":"light"}})"), kDocument,
             "/filters_options/hqdn3d/preset", "found a \"preset\" beside settings");
  expect_one(plan(R"("filters_options":{"hqdn3d":{"custom":{"y_spatial":1},"cb_spatial":1}})"), kDocument,
             "/filters_options/hqdn3d/custom", "found a \"custom\" beside settings");
}

TEST_F(HandbrakePlan, AMissingProgramIsNamed) {
  facts_.programs.erase("HandBrakeCLI");
  expect_one(plan(), kEnvironment, "", "the program HandBrakeCLI is not on PATH");
}

TEST_F(HandbrakePlan, TheProgramIsAskedForEncodersThatNotEveryBuildHas) {
  const auto needs = [&](const char* text) {
    return module_.needs(parsed(text).as_object(), folder_.path());
  };
  EXPECT_THAT(needs(R"({"source":"a","output_file":"b"})").programs,
              ElementsAre("HandBrakeCLI", "stdbuf", "env"));
  EXPECT_TRUE(needs(R"({"source":"a","output_file":"b","video_options":{"encoder":"x265"}})").probes.empty());
  const auto probes =
      needs(R"({"source":"a","output_file":"b","video_options":{"encoder":"nvenc_h265"}})").probes;
  ASSERT_EQ(probes.size(), 1U);
  EXPECT_THAT(probes[0].argv, ElementsAre("HandBrakeCLI", "--help"));
  facts_.probes[probes[0].key] = {
      0, "   -e, --encoder <string>  Select:\n          x265\n          nvenc_h265\n", ""};
  EXPECT_EQ(plan(R"("video_options":{"encoder":"nvenc_h265"})").problems, std::vector<Problem>{});
  expect_one(plan(R"("video_options":{"encoder":"nvenc_h264"})"), kEnvironment, "/video_options/encoder",
             "has no encoder nvenc_h264");
  expect_one(plan(R"("audio_options":{"aencoder":["opus","fdk_aac"]})"), kEnvironment,
             "/audio_options/aencoder/1", "has no encoder fdk_aac");
}

TEST_F(HandbrakePlan, AllProblemsAreToldInTheOrderOfTheDocument) {
  const Planned planned = plan(R"("subtitles_options":{"srt_file":["a.srt"]})", "none.mkv", "no/out.mkv");
  std::vector<std::string> pointers;
  for (const Problem& problem : planned.problems) pointers.push_back(problem.pointer);
  EXPECT_THAT(pointers, ElementsAre("/source", "/output_file", "/subtitles_options/srt_file/0"));
}

}  // namespace
}  // namespace sisyphus::modules
