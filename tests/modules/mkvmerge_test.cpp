#include "modules/mkvmerge.hpp"

#include "modules/ffmpeg.hpp"
#include "modules/mkv_attachments.hpp"
#include "modules/mkv_progress.hpp"
#include "tests/modules/support.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::write_text;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kFilm =
    R"({"container":{"recognized":true,"supported":true,"type":"Matroska"},"tracks":[
    {"id":0,"type":"video","codec":"AVC","properties":{"language":"und"}},
    {"id":1,"type":"audio","codec":"FLAC","properties":{"language":"eng"}},
    {"id":2,"type":"subtitles","codec":"SubRip","properties":{"language":"eng"}},
    {"id":3,"type":"buttons","codec":"VobBtn","properties":{}}]})";

class MkvmergePlan : public ::testing::Test {
 protected:
  MkvmergePlan() {
    facts_.working_directory = folder_.path();
    facts_.attempt_folder = ".sisyphus-job-1";
    facts_.programs = {{"mkvmerge", "/usr/bin/mkvmerge"}};
    write_text(folder_ / "in.mkv", "x");
    facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {0, kFilm, ""};
  }

  Planned plan(std::string_view data) { return module_.plan(parsed(data).as_object(), facts_); }

  // A task with these tracks and, behind them, further keys.
  Planned plan_tracks(const std::string& tracks, const std::string& more = "") {
    return plan(R"({"sources":[{"filename":"in.mkv"}],"tracks":)" + tracks + R"(,"output_file":"out.mkv")" +
                more + "}");
  }

  // The vector between the output and the source's file name.
  std::vector<std::string> options_of(const Planned& planned) {
    const auto& argv = planned.plan.value().argv;
    return {argv.begin() + 3, std::find(argv.begin(), argv.end(), "(")};
  }

  void expect_one(const Planned& planned, Problem::Kind kind, const std::string& pointer,
                  const std::string& message) {
    ASSERT_EQ(planned.problems.size(), 1U) << ::testing::PrintToString(planned.problems);
    EXPECT_EQ(planned.problems[0].kind, kind);
    EXPECT_EQ(planned.problems[0].pointer, pointer);
    EXPECT_THAT(planned.problems[0].message, HasSubstr(message));
  }

  static constexpr auto kDocument = Problem::Kind::document;
  static constexpr auto kEnvironment = Problem::Kind::environment;
  static constexpr const char* kOneTrack = R"([{"source":0,"track":0}])";
  const testing::TempFolder folder_;
  const MkvmergeModule module_;
  Facts facts_;
};

TEST_F(MkvmergePlan, RunsOnAbsolutePathsIntoTheAttemptsFolder) {
  write_text(folder_ / "+-@a:b \".mkv", "x");
  facts_.probes["mkvmerge-J:" + folder_ / "+-@a:b \".mkv"] = {0, kFilm, ""};
  const Planned planned = plan(R"({"sources":[{"filename":"+-@a:b \".mkv"}],"tracks":[{"source":0,"track":0}],
      "output_file":"-o %d.mkv"})");
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  ASSERT_TRUE(planned.plan);
  const std::string staged = folder_ / ".sisyphus-job-1/-o %d.mkv";
  const auto& run = std::get<RunProgram>(planned.plan->action);
  EXPECT_THAT(run.argv, ElementsAre("/usr/bin/mkvmerge", "--gui-mode", "--output", staged, "--video-tracks",
                                    "0", "--no-audio", "--no-subtitles", "--no-buttons", "(",
                                    folder_ / "+-@a:b \".mkv", ")", "--track-order", "0:0"));
  EXPECT_THAT(run.success_codes, ElementsAre(0, 1));
  EXPECT_EQ(planned.plan->stop, StopPolicy::kill);
  ASSERT_EQ(planned.plan->outputs.size(), 1U);
  EXPECT_EQ(planned.plan->outputs[0].path, folder_ / "-o %d.mkv");
  EXPECT_EQ(planned.plan->outputs[0].staged, staged);
  EXPECT_TRUE(planned.plan->outputs[0].replace);
  EXPECT_THAT(planned.plan->writes, ElementsAre(folder_ / "-o %d.mkv"));
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "+-@a:b \".mkv"));
  EXPECT_TRUE(planned.plan->support_files.empty());
}

TEST_F(MkvmergePlan, AValueThatBeginsWithAnAtSignGoesThroughAnOptionsFile) {
  const Planned planned = plan_tracks(kOneTrack, R"(,"options":{"title":"@home"})");
  ASSERT_TRUE(planned.plan);
  const std::string file = folder_ / ".sisyphus-job-1/options.json";
  EXPECT_THAT(std::get<RunProgram>(planned.plan->action).argv, ElementsAre("/usr/bin/mkvmerge", "@" + file));
  ASSERT_TRUE(planned.plan->support_files.contains(file));
  const auto options = parsed(planned.plan->support_files.at(file));
  EXPECT_EQ(options.at(0), "--gui-mode");
  EXPECT_EQ(options.at(4), "@home");
  EXPECT_THAT(planned.plan->argv, Contains("@home"));
}

TEST_F(MkvmergePlan, ALongCommandGoesThroughAnOptionsFileBesideTheOutput) {
  const Planned planned = plan(R"({"sources":[{"filename":"in.mkv"}],"tracks":[{"source":0,"track":0}],
      "options":{"title":")" + std::string(20000, 'x') +
                               R"("},"output_file":"options.json"})");
  ASSERT_TRUE(planned.plan);
  EXPECT_TRUE(planned.plan->support_files.contains(folder_ / ".sisyphus-job-1/options-2.json"));
  EXPECT_EQ(planned.plan->outputs[0].staged, folder_ / ".sisyphus-job-1/options.json");
}

TEST_F(MkvmergePlan, SelectionNamesTheTracksOfEachTypeOrNone) {
  EXPECT_THAT(
      options_of(plan_tracks(R"([{"source":0,"track":3},{"source":0,"track":2},{"source":0,"track":1}])")),
      ElementsAre("--no-video", "--audio-tracks", "1", "--subtitle-tracks", "2", "--button-tracks", "3"));
}

TEST_F(MkvmergePlan, ACopyOptionLeavesTheTypeToMkvmerge) {
  const auto options = [&](const std::string& copies) {
    return options_of(plan(R"({"sources":[{"filename":"in.mkv","options":{)" + copies +
                           R"(}}],"tracks":[{"source":0,"track":1}],"output_file":"out.mkv"})"));
  };
  EXPECT_THAT(options(R"("_copy-subtitles-tracks":null,"_copy-audio-tracks":true,"_x":"y")"),
              ElementsAre("--no-video", "--no-buttons"));
  EXPECT_THAT(options(R"("_copy-video-tracks":false,"_copy-buttons-tracks":1)"),
              ElementsAre("--no-video", "--audio-tracks", "1", "--no-subtitles"));
}

TEST_F(MkvmergePlan, ACopyOptionThatIsSpeltWrongDoesNothingAndIsTold) {
  const Planned planned = plan(R"({"sources":[{"filename":"in.mkv","options":{"_copy-subtitle-tracks":null}}],
      "tracks":[{"source":0,"track":0}],"output_file":"out.mkv"})");
  EXPECT_THAT(options_of(planned),
              ElementsAre("--video-tracks", "0", "--no-audio", "--no-subtitles", "--no-buttons"));
  ASSERT_EQ(planned.warnings.size(), 1U);
  EXPECT_THAT(planned.warnings[0],
              HasSubstr("_copy-subtitle-tracks does nothing; there are _copy-audio-tracks"));
}

TEST_F(MkvmergePlan, ValuesTurnIntoArguments) {
  const Planned planned =
      plan(R"({"sources":[{"filename":"in.mkv","options":{"a":null,"b":true,"c":false,"d":"",
        "e":0,"f":1.0,"g":"x y","_h":1}}],
      "tracks":[{"source":0,"track":1,"options":{"i":null,"j":true,"k":false,"l":"","m":0,"n":2.50,"_o":"p"}}],
      "options":{"q":null,"r":true,"s":false,"t":"","u":0,"v":"w","_x":"y"},"output_file":"out.mkv"})");
  EXPECT_THAT(options_of(planned),
              ElementsAre("--q", "--r", "--t", "--u", "0", "--v", "w", "--no-video", "--audio-tracks", "1",
                          "--no-subtitles", "--no-buttons", "--a", "--b", "--d", "--e", "0", "--f", "1.0",
                          "--g", "x y", "--i", "1", "--j", "1", "--l", "1:", "--m", "1:0", "--n", "1:2.5"));
}

TEST_F(MkvmergePlan, AttachmentsHaveANameAndTheTypeBeforeTheFile) {
  for (const char* name : {"a.ttf", "@b.ttf"}) write_text(folder_ / name, "x");
  const Planned planned =
      plan_tracks(kOneTrack, R"(,"attachments":[{"filename":"./a.ttf","mime_type":"font/ttf"},
      {"filename":"a.ttf","name":"A","mimetype":"x/y","mime_type":"font/ttf"},{"filename":"@b.ttf","name":""}])");
  EXPECT_TRUE(planned.problems.empty()) << ::testing::PrintToString(planned.problems);
  const auto& argv = planned.plan.value().argv;
  const std::vector<std::string> attached(std::find(argv.begin(), argv.end(), ")") + 1, argv.end() - 2);
  EXPECT_THAT(attached, ElementsAre("--attachment-name", "a.ttf", "--attachment-mime-type", "font/ttf",
                                    "--attach-file", folder_ / "a.ttf", "--attachment-name", "A",
                                    "--attachment-mime-type", "x/y", "--attach-file", folder_ / "a.ttf",
                                    "--attachment-name", "@b.ttf", "--attach-file", folder_ / "@b.ttf"));
  EXPECT_EQ(std::get<RunProgram>(planned.plan->action).argv.size(), 2U);  // the name begins with "@"
}

TEST_F(MkvmergePlan, AFolderAddsItsFilesByNameAndSkipsWhatHasNoKnownType) {
  std::filesystem::create_directories(folder_ / "fonts/below");
  for (const char* name : {"b.otf", "a.TTF", "noext", ".ttf", "x.unknown", "below/c.ttf", "\xff.ttf"}) {
    write_text(folder_ / "fonts" + ("/" + std::string(name)), "x");
  }
  facts_.written_before.insert(folder_ / "fonts/a copied.ttf");
  const Planned planned = plan_tracks(kOneTrack, R"(,"attachment_directories":["fonts"])");
  std::vector<std::string> files;
  const auto& argv = planned.plan.value().argv;
  for (std::size_t i = 1; i < argv.size(); ++i) {
    if (argv[i - 1] == "--attach-file") files.push_back(argv[i]);
  }
  EXPECT_THAT(files,
              ElementsAre(folder_ / "fonts/a copied.ttf", folder_ / "fonts/a.TTF", folder_ / "fonts/b.otf"));
  EXPECT_EQ(planned.warnings.size(), 4U);
  EXPECT_THAT(planned.warnings, Contains(HasSubstr("noext in")));
}

TEST_F(MkvmergePlan, AnAttachmentMustBeThereOrBeWrittenBefore) {
  const char* const more = R"(,"attachments":[{"filename":"no.ttf"}])";
  expect_one(plan_tracks(kOneTrack, more), kEnvironment, "/attachments/0/filename", "does not exist");
  facts_.written_before.insert(folder_ / "no.ttf");
  EXPECT_TRUE(plan_tracks(kOneTrack, more).problems.empty());
  expect_one(plan_tracks(kOneTrack, R"(,"attachment_directories":["no"])"), kEnvironment,
             "/attachment_directories/0", "cannot be listed");
}

TEST_F(MkvmergePlan, ATrackThatIsNotThereIsToldWithThoseThatAre) {
  const Planned planned = plan_tracks(R"([{"source":0,"track":0},{"source":0,"track":4}])");
  expect_one(planned, kEnvironment, "/tracks/1/track",
             "source 0 (in.mkv) has no track 4; it has 0 video (AVC und), 1 audio (FLAC eng), 2 subtitles");
  EXPECT_FALSE(planned.plan);
  EXPECT_EQ(planned.deferred, "");
}

TEST_F(MkvmergePlan, ATrackNamesASourceThatExists) {
  expect_one(plan_tracks(R"([{"source":1,"track":0}])"), kDocument, "/tracks/0/source",
             "there is no source 1; the only one is source 0");
}

TEST_F(MkvmergePlan, AMissingSourceIsAProblemThatLeavesNoPlanWhenItsTracksAreChosen) {
  const std::string sources =
      R"({"sources":[{"filename":"in.mkv"},{"filename":"no.srt"}],"output_file":"out.mkv",)";
  const Planned chosen = plan(sources + R"("tracks":[{"source":1,"track":0}]})");
  expect_one(chosen, kEnvironment, "/sources/1/filename", "no.srt does not exist");
  EXPECT_FALSE(chosen.plan);
  const Planned not_chosen = plan(sources + R"("tracks":[{"source":0,"track":0}]})");
  expect_one(not_chosen, kEnvironment, "/sources/1/filename", "no.srt does not exist");
  EXPECT_TRUE(not_chosen.plan);
}

TEST_F(MkvmergePlan, WhatAnEarlierTaskWritesIsDeferredUntilItIsThere) {
  facts_.written_before.insert(folder_ / "in.mkv");  // what is there now will be replaced
  const Planned before = plan_tracks(kOneTrack);
  EXPECT_TRUE(before.problems.empty());
  EXPECT_THAT(before.deferred, HasSubstr("in.mkv"));
  ASSERT_TRUE(before.plan);
  EXPECT_TRUE(before.plan->argv.empty());
  EXPECT_THAT(before.plan->writes, ElementsAre(folder_ / "out.mkv"));
  facts_.earlier_tasks_done = true;
  const Planned now = plan_tracks(kOneTrack);
  EXPECT_EQ(now.deferred, "");
  EXPECT_EQ(now.plan->argv.at(4), "0");
}

TEST_F(MkvmergePlan, TypesComeFromTheTaskThatWritesTheFile) {
  facts_.written_before.insert(folder_ / "new.mkv");
  facts_.streams_before[folder_ / "new.mkv"] = {"audio", "video"};
  const auto task = [](int track) {
    return fmt::format(R"({{"sources":[{{"filename":"new.mkv"}}],"tracks":[{{"source":0,"track":{}}}],
        "output_file":"out.mkv"}})",
                       track);
  };
  const Planned planned = plan(task(0));
  EXPECT_TRUE(planned.problems.empty());
  EXPECT_THAT(options_of(planned),
              ElementsAre("--no-video", "--audio-tracks", "0", "--no-subtitles", "--no-buttons"));
  EXPECT_THAT(planned.plan->stream_types.at(folder_ / "out.mkv"), ElementsAre("audio"));
  expect_one(plan(task(2)), kEnvironment, "/tracks/0/track", "has no track 2; it has 0 audio, 1 video");
}

TEST_F(MkvmergePlan, AFileThatMkvmergeDoesNotKnowIsNamedWithItsWords) {
  facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {
      0, R"({"container":{"recognized":false,"supported":false},"errors":[]})", ""};
  expect_one(plan_tracks(kOneTrack), kEnvironment, "/sources/0/filename", "does not know this kind of file");
  facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {2, R"({"errors":["It is gone.\n"]})", ""};
  expect_one(plan_tracks(kOneTrack), kEnvironment, "/sources/0/filename", "in.mkv: It is gone.");
}

TEST_F(MkvmergePlan, TheOutputIsNoInputAndCannotBeRedirected) {
  expect_one(
      plan(
          R"({"sources":[{"filename":"in.mkv"}],"tracks":[{"source":0,"track":0}],"output_file":"./in.mkv"})"),
      kDocument, "/output_file", "is also source 0");
  expect_one(plan_tracks(kOneTrack, R"(,"options":{"output":"x.mkv"})"), kDocument, "/options/output",
             "not allowed here");
  expect_one(
      plan(
          R"({"sources":[{"filename":"in.mkv"}],"tracks":[{"source":0,"track":0}],"output_file":"no/o.mkv"})"),
      kEnvironment, "/output_file", "does not exist");
}

TEST_F(MkvmergePlan, AMissingProgramIsNamedOnce) {
  facts_.programs.clear();
  facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {127, "", "mkvmerge was not found on PATH"};
  expect_one(plan_tracks(kOneTrack), kEnvironment, "", "mkvmerge is not on PATH");
}

TEST_F(MkvmergePlan, NeedsAProbeOfEachFileThatIsThere) {
  const auto data = parsed(R"({"sources":[{"filename":"in.mkv"},{"filename":"no.mkv"},{"filename":"."}],
      "tracks":[{"source":0,"track":0}],"output_file":"out.mkv"})");
  const Needs needs = module_.needs(data.as_object(), facts_.working_directory);
  EXPECT_THAT(needs.programs, ElementsAre("mkvmerge"));
  ASSERT_EQ(needs.probes.size(), 1U);
  EXPECT_EQ(needs.probes[0].key, "mkvmerge-J:" + folder_ / "in.mkv");
  EXPECT_THAT(needs.probes[0].argv, ElementsAre("mkvmerge", "-J", folder_ / "in.mkv"));
}

TEST(MkvProgress, PercentRisesAndRemarksAreKept) {
  MkvProgressReader reader;
  EXPECT_EQ(reader.line("#GUI#begin_scanning_playlists#num_playlists=3"), std::nullopt);
  EXPECT_EQ(reader.line("#GUI#progress 12%").value().percent, 12);
  EXPECT_EQ(reader.line("#GUI#progress 12%"), std::nullopt);
  for (const char* odd :
       {"#GUI#progress", "#GUI#progress x%", "#GUI#progress 50", "#GUI#progress 101%", "progress 20%"}) {
    EXPECT_EQ(reader.line(odd), std::nullopt) << odd;
  }
  EXPECT_EQ(reader.line("#GUI#progress 100%\r").value().percent, 100);
  EXPECT_EQ(reader.line("#GUI#warning 'a': odd \xff"), std::nullopt);
  EXPECT_EQ(reader.line("#GUI#error no space"), std::nullopt);
  EXPECT_EQ(reader.line("Error: bad option"), std::nullopt);
  EXPECT_THAT(reader.remarks().warnings, ElementsAre("'a': odd \xEF\xBF\xBD"));
  EXPECT_THAT(reader.remarks().errors, ElementsAre("no space", "bad option"));
}

TEST(FfmpegStreams, AreToldByMapsSourcesAndEarlierTasks) {
  const testing::TempFolder folder;
  const FfmpegModule module;
  Facts facts;
  facts.working_directory = folder.path();
  facts.written_before = {folder / "made.mkv"};
  facts.streams_before[folder / "made.mkv"] = {"video", "audio", "audio"};
  write_text(folder / "in.mkv", "x");
  facts.probes["ffprobe:" + folder / "in.mkv"] = {
      0, R"({"streams":[{"codec_type":"subtitle"},{"codec_type":"video"},{"codec_type":"attachment"}]})", ""};
  const auto types = [&](const std::string& maps, const std::string& more = R"("output_file":"o.mkv")") {
    const Planned planned =
        module.plan(parsed(R"({"sources":["in.mkv","made.mkv","none.mkv"],"source_maps":)" + maps +
                           R"(,"output_maps":[],)" + more + "}")
                        .as_object(),
                    facts);
    const auto& all = planned.plan.value().stream_types;
    return all.empty() ? std::vector<std::string>{"unknown"} : all.begin()->second;
  };
  EXPECT_THAT(types(R"([{"source":0}])"), ElementsAre("subtitles", "video"));
  EXPECT_THAT(types(R"([{"source":1,"specifier":"a"},{"source":0,"stream":0}])"),
              ElementsAre("audio", "audio", "subtitles"));
  EXPECT_THAT(types(R"([{"source":2,"specifier":"v","stream":0},{"source":2,"specifier":"s","stream":3}])"),
              ElementsAre("video", "subtitles"));
  EXPECT_THAT(types(R"([{"source":2,"specifier":"v"}])"), ElementsAre("unknown"));
  EXPECT_THAT(types(R"([{"source":2,"specifier":"v","stream":0,"optional":true}])"), ElementsAre("unknown"));
  EXPECT_THAT(types(R"([{"source":2,"stream":0}])"), ElementsAre("unknown"));
  EXPECT_THAT(types(R"([{"source":1}])", R"("output_file":"o.ts")"), ElementsAre("unknown"));
  EXPECT_THAT(types(R"([{"source":1}])", R"("output_file":"o.mkv","input_options":{"vn":true})"),
              ElementsAre("unknown"));
}

}  // namespace
}  // namespace sisyphus::modules
