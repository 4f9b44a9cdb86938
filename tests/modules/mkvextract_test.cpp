#include "modules/mkvextract.hpp"

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

constexpr const char* kFilm =
    R"({"container":{"recognized":true,"supported":true,"type":"Matroska"},"tracks":[
    {"id":0,"type":"video","codec":"AVC","properties":{"language":"und","codec_id":"V_MPEG4/ISO/AVC"}},
    {"id":1,"type":"audio","codec":"FLAC","properties":{"language":"eng","codec_id":"A_FLAC"}},
    {"id":2,"type":"audio","codec":"FLAC","properties":{"language":"jpn","codec_id":"A_FLAC"}},
    {"id":3,"type":"subtitles","codec":"VobSub","properties":{"language":"jpn","codec_id":"S_VOBSUB"}}],
    "attachments":[{"id":1,"file_name":"one.ttf"}],"chapters":[{"num_entries":2}],"global_tags":[],"track_tags":[]})";

class MkvextractPlan : public ::testing::Test {
 protected:
  MkvextractPlan() {
    facts_.working_directory = folder_.path();
    facts_.attempt_folder = ".sisyphus-job-1";
    facts_.programs = {{"mkvextract", "/usr/bin/mkvextract"}, {"mkvmerge", "/usr/bin/mkvmerge"}};
    write_text(folder_ / "in.mkv", "x");
    facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {0, kFilm, ""};
  }

  // A task with these modes.
  Planned plan(const std::string& modes) {
    return module_.plan(parsed(R"({"source":"in.mkv",)" + modes + "}").as_object(), facts_);
  }

  // What stands behind the source.
  std::vector<std::string> modes_of(const Planned& planned) {
    const auto& argv = planned.plan.value().argv;
    return {argv.begin() + 2, argv.end()};
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
  const testing::TempFolder folder_;
  const MkvextractModule module_;
  Facts facts_;
};

TEST_F(MkvextractPlan, StagesEveryFileUnderItsBaseName) {
  std::filesystem::create_directory(folder_ / "b");
  const Planned planned = plan(
      R"("tracks":[{"id":1,"filename":"a:1.flac"},{"id":2,"filename":"b/a:1.flac"}],"chapters":"-c.xml")");
  EXPECT_EQ(planned.problems, std::vector<Problem>{});
  ASSERT_TRUE(planned.plan);
  EXPECT_THAT(planned.plan->argv, ElementsAre("mkvextract", "in.mkv", "tracks", "1:a:1.flac", "2:b/a:1.flac",
                                              "chapters", "-c.xml"));
  const auto& run = std::get<RunProgram>(planned.plan->action);
  EXPECT_THAT(run.argv, ElementsAre("/usr/bin/mkvextract", "--gui-mode", folder_ / "in.mkv", "tracks",
                                    "1:" + folder_ / ".sisyphus-job-1/a:1.flac",
                                    "2:" + folder_ / "b/.sisyphus-job-1/a:1.flac", "chapters",
                                    folder_ / ".sisyphus-job-1/-c.xml"));
  ASSERT_EQ(planned.plan->outputs.size(), 3U);
  EXPECT_EQ(planned.plan->outputs[1].path, folder_ / "b/a:1.flac");
  EXPECT_EQ(planned.plan->outputs[1].staged, folder_ / "b/.sisyphus-job-1/a:1.flac");
  EXPECT_TRUE(planned.plan->outputs[1].required);
  EXPECT_THAT(planned.plan->writes,
              ElementsAre(folder_ / "a:1.flac", folder_ / "b/a:1.flac", folder_ / "-c.xml"));
  EXPECT_THAT(planned.plan->inputs, ElementsAre(folder_ / "in.mkv"));
  EXPECT_EQ(planned.plan->stop, StopPolicy::kill);
}

TEST_F(MkvextractPlan, ANameThatMkvextractCannotTakeIsStagedUnderAnother) {
  const Planned planned = plan(R"("tracks":[{"id":1,"filename":"a\nb.flac"}],"chapters":"c\nd")");
  ASSERT_TRUE(planned.plan);
  EXPECT_EQ(planned.plan->outputs[0].path, folder_ / "a\nb.flac");
  EXPECT_EQ(planned.plan->outputs[0].staged, folder_ / ".sisyphus-job-1/tracks-0-filename-a_b.flac");
  EXPECT_EQ(planned.plan->outputs[1].staged, folder_ / ".sisyphus-job-1/c\nd");
}

TEST_F(MkvextractPlan, ATrackIsCountedAmongThoseThatMatch) {
  EXPECT_THAT(modes_of(plan(R"("tracks":[{"id":1,"track_type":"audio","filename":"a"},
      {"id":1,"language":"jpn","filename":"b"},{"id":0,"track_type":"audio","language":"jpn","filename":"c"}])")),
              ElementsAre("tracks", "2:a", "3:b", "2:c"));
}

TEST_F(MkvextractPlan, NoLanguageIsAnyLanguage) {
  EXPECT_THAT(modes_of(plan(R"("tracks":[{"id":1,"track_type":"audio","language":null,"filename":"a"},
      {"id":3,"language":"","filename":"b"}])")),
              ElementsAre("tracks", "2:a", "3:b"));
}

TEST_F(MkvextractPlan, ATrackThatIsNotThereIsToldWithThoseThatAre) {
  const Planned planned =
      plan(R"("tracks":[{"id":1,"track_type":"subtitles","language":"jpn","filename":"a"}])");
  expect_one(planned, kEnvironment, "/tracks/0/id",
             "there is no subtitles track 1 of language jpn, counted from 0; in.mkv has 0 video (AVC und), "
             "1 audio (FLAC eng)");
  EXPECT_FALSE(planned.plan);
}

TEST_F(MkvextractPlan, ANegativeNumberIsRefusedInEveryMode) {
  constexpr const char* kTracks = "expected at least 0; in.mkv has 0 video (AVC und)";
  constexpr const char* kAttachments = "expected at least 1; in.mkv has 1 (one.ttf)";
  for (const std::string mode : {"tracks", "attachments", "timestamps", "cues"}) {
    const Planned planned = plan("\"" + mode + R"(":[{"id":-1,"filename":"a"}])");
    expect_one(planned, kDocument, "/" + mode + "/0/id", mode == "attachments" ? kAttachments : kTracks);
    EXPECT_FALSE(planned.plan);
  }
}

TEST_F(MkvextractPlan, OtherIdsArePassedOnAsGivenAndChecked) {
  const Planned planned = plan(R"("attachments":[{"id":0,"filename":"a"}],"cues":[{"id":7,"filename":"b"}],
      "timestamps":[{"id":3,"filename":"c"}])");
  EXPECT_THAT(modes_of(planned), ElementsAre("attachments", "0:a", "cues", "7:b", "timestamps_v2", "3:c"));
  ASSERT_EQ(planned.problems.size(), 2U);
  EXPECT_EQ(planned.problems[0].pointer, "/attachments/0/id");
  EXPECT_EQ(planned.problems[0].message, "there is no attachment 0, counted from 1; in.mkv has 1 (one.ttf)");
  EXPECT_EQ(planned.problems[1].pointer, "/cues/0/id");
}

TEST_F(MkvextractPlan, WhatTheSourceHasNotIsNotRequired) {
  const Planned planned = plan(
      R"("tags":"t.xml","chapters":"c.xml","tracks":[{"id":3,"filename":"subs"},{"id":0,"filename":"v"}])");
  EXPECT_TRUE(planned.problems.empty());
  ASSERT_TRUE(planned.plan);
  std::vector<bool> required;
  for (const Output& output : planned.plan->outputs) required.push_back(output.required);
  EXPECT_THAT(required, ElementsAre(false, true, false, true));  // VobSub becomes subs.idx and subs.sub
  EXPECT_THAT(planned.warnings, ElementsAre("in.mkv has no tags: t.xml will not be written"));
}

TEST_F(MkvextractPlan, AFileIsWrittenOnceAndIsNotTheSource) {
  expect_one(plan(R"("chapters":"a","tags":"./x/../a")"), kDocument, "/tags",
             "again, it is /chapters already");
  expect_one(plan(R"("chapters":".//in.mkv")"), kDocument, "/chapters", "is also the source");
  expect_one(plan(R"("chapters":"no/c.xml")"), kEnvironment, "/chapters", "does not exist");
}

TEST_F(MkvextractPlan, AnEmptyListIsAModeWithoutFiles) {
  EXPECT_THAT(modes_of(plan(R"("cues":[],"chapters":"c.xml")")), ElementsAre("cues", "chapters", "c.xml"));
  expect_one(plan(R"("cues":[])"), kEnvironment, "", "nothing to extract");
}

TEST_F(MkvextractPlan, TheSourceMustBeMatroska) {
  facts_.probes["mkvmerge-J:" + folder_ / "in.mkv"] = {
      0, R"({"container":{"recognized":true,"supported":true,"type":"AC-3"},"tracks":[]})", ""};
  expect_one(plan(R"("chapters":"c.xml")"), kEnvironment, "/source",
             "of the kind AC-3; mkvextract reads only");
}

TEST_F(MkvextractPlan, AMissingSourceLeavesAPlanOnlyWhereNoTracksAreLookedUp) {
  std::filesystem::remove(folder_ / "in.mkv");
  facts_.probes.clear();
  const Planned tracks = plan(R"("tracks":[{"id":0,"filename":"a"}])");
  expect_one(tracks, kEnvironment, "/source", "does not exist");
  EXPECT_FALSE(tracks.plan);
  const Planned others = plan(R"("attachments":[{"id":1,"filename":"a"}],"chapters":"c.xml")");
  expect_one(others, kEnvironment, "/source", "does not exist");
  EXPECT_THAT(modes_of(others), ElementsAre("attachments", "1:a", "chapters", "c.xml"));
}

TEST_F(MkvextractPlan, WhatAnEarlierTaskWritesIsDeferredUntilItIsThere) {
  facts_.written_before.insert(folder_ / "in.mkv");
  const Planned before = plan(R"("tracks":[{"id":0,"filename":"a"}])");
  EXPECT_THAT(before.deferred, HasSubstr("in.mkv"));
  EXPECT_TRUE(before.plan.value().argv.empty());
  EXPECT_THAT(before.plan->writes, ElementsAre(folder_ / "a"));
  EXPECT_EQ(plan(R"("chapters":"c.xml")").deferred, "");

  facts_.streams_before[folder_ / "in.mkv"] = {"audio", "video"};
  EXPECT_THAT(modes_of(plan(R"("tracks":[{"id":0,"track_type":"video","filename":"a"}])")),
              ElementsAre("tracks", "1:a"));
  EXPECT_THAT(plan(R"("tracks":[{"id":0,"language":"eng","filename":"a"}])").deferred,
              HasSubstr("languages"));
  expect_one(plan(R"("tracks":[{"id":0,"track_type":"subtitles","filename":"a"}])"), kEnvironment,
             "/tracks/0/id", "in.mkv has 0 audio, 1 video");

  facts_.earlier_tasks_done = true;
  EXPECT_THAT(modes_of(plan(R"("tracks":[{"id":0,"language":"eng","filename":"a"}])")),
              ElementsAre("tracks", "1:a"));
}

TEST_F(MkvextractPlan, NeedsBothProgramsAndAProbe) {
  const auto data = parsed(R"({"source":"in.mkv","chapters":"c.xml"})");
  const Needs needs = module_.needs(data.as_object(), facts_.working_directory);
  EXPECT_THAT(needs.programs, ElementsAre("mkvextract", "mkvmerge"));
  ASSERT_EQ(needs.probes.size(), 1U);
  EXPECT_EQ(needs.probes[0].path, folder_ / "in.mkv");
}

}  // namespace
}  // namespace sisyphus::modules
