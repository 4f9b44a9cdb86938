#include "modules/schema.hpp"

#include "modules/registry.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A task that passes, with the top-level keys of `changes` laid over it.
boost::json::value task(const char* changes) {
  boost::json::value data = parsed(R"({"sources":["a.mkv"],"source_maps":[{"source":0}],
      "output_maps":[{"stream":0,"options":{}}],"output_file":"b.mkv"})");
  const boost::json::value over = parsed(changes);
  for (const auto& [key, value] : over.as_object()) data.as_object()[key] = value;
  return data;
}

struct Breach {
  const char* changes;
  const char* pointer;
  const char* message;  // a part of it
};

TEST(FfmpegSchema, SaysWhereAndWhatIsWrong) {
  const Breach breaches[] = {
      {R"({"sources":[]})", "/sources", "found an empty list, expected at least 1"},
      {R"({"sources":"a"})", "/sources", "found the string \"a\", expected a list"},
      {R"({"sources":["a",7]})", "/sources/1", "found the number 7, expected a string"},
      {R"({"sources":[""]})", "/sources/0", "found an empty string, expected the path of a file"},
      {R"({"sources":["a","b","a"]})", "/sources/2", "it is /sources/0 already"},
      {R"({"sources":["a\u0000b"]})", "/sources/0", "holds a NUL"},
      {R"({"source_maps":[]})", "/source_maps", "expected at least 1"},
      {R"({"source_maps":[{}]})", "/source_maps/0", "the key \"source\" is missing"},
      {R"({"source_maps":[{"source":-1}]})", "/source_maps/0/source",
       "found the number -1, expected at least 0"},
      {R"({"source_maps":[{"source":1.5}]})", "/source_maps/0/source",
       "found the number 1.5, expected an integer"},
      {R"({"source_maps":[{"source":true}]})", "/source_maps/0/source", "found true, expected an integer"},
      {R"({"source_maps":[{"source":18446744073709551615}]})", "/source_maps/0/source",
       "found the number 18446744073709551615, expected at most 65535"},
      {R"({"source_maps":[{"source":0,"specifier":"x"}]})", "/source_maps/0/specifier",
       "begins with v (video)"},
      {R"({"source_maps":[{"source":0,"stream":"0"}]})", "/source_maps/0/stream", "expected an integer"},
      {R"({"source_maps":[{"source":0,"optional":1}]})", "/source_maps/0/optional", "expected true or false"},
      {R"({"source_maps":[{"source":0,"a/b~":1}]})", "/source_maps/0/a~1b~0",
       "unknown key \"a/b~\"; known here: source"},
      {R"({"output_maps":[{"options":{}}]})", "/output_maps/0", "the key \"stream\" is missing"},
      {R"({"output_maps":[{"stream":0}]})", "/output_maps/0",
       "one of the keys options or option_set is missing"},
      {R"({"output_maps":[{"stream":0,"option_set":""}]})", "/output_maps/0/option_set",
       "found an empty string"},
      {R"({"output_maps":[{"stream":0,"options":[]}]})", "/output_maps/0/options", "expected an object"},
      {R"({"output_maps":[{"stream":0,"options":{"a":{"b":{}}}}]})", "/output_maps/0/options/a/b",
       "found an empty object"},
      {R"({"output_maps":[{"stream":0,"options":{"a":[[]]}}]})", "/output_maps/0/options/a/0",
       "found an empty list"},
      {R"({"output_maps":[{"stream":0,"options":{"":1}}]})", "/output_maps/0/options/",
       "found the key \"\", expected an option's name"},
      {R"({"input_options":{"a":{"b":[]}}})", "/input_options/a/b", "found an empty list, expected a string"},
      {R"({"input_options":[]})", "/input_options", "expected an object"},
      {R"({"output_file":""})", "/output_file", "found an empty string"},
      {R"({"output_file":null})", "/output_file", "found null, expected a string"},
      {R"({"overwrite":"yes"})", "/overwrite", "found the string \"yes\", expected true or false"},
      {R"({"overwritten":true})", "/overwritten",
       "unknown key \"overwritten\"; known here: input_options, sources"},
  };
  const auto& schema = embedded_schema("ffmpeg");
  for (const auto& [changes, pointer, message] : breaches) {
    const auto problems = check_schema(schema, task(changes));
    ASSERT_EQ(problems.size(), 1U) << changes << ::testing::PrintToString(problems);
    EXPECT_EQ(problems[0].pointer, pointer) << changes;
    EXPECT_THAT(problems[0].message, HasSubstr(message)) << changes;
    EXPECT_EQ(problems[0].kind, Problem::Kind::document);
  }
}

TEST(FfmpegSchema, AcceptsEveryKindOfValue) {
  const char* const good[] = {
      R"({})",
      R"({"input_options":{"a":"x","b":1,"c":1.5,"d":true,"e":null,"f":{"g":1},"h":[2],"i":{},"j":[]}})",
      R"({"source_maps":[{"source":0,"specifier":"Attachments","stream":3,"optional":true}]})",
      R"({"output_maps":[{"stream":0,"options":{"a":{"b":1,"c":null},"d":[1,"x"],"e":"","f":{}}}]})",
      R"({"output_maps":[{"stream":0,"option_set":"x"}],"overwrite":false})",
      R"({"output_maps":[{"stream":0,"specifier":"","options":{"a":18446744073709551615}}]})",
      R"({"output_maps":[]})",
  };
  for (const char* changes : good) {
    EXPECT_EQ(check_schema(embedded_schema("ffmpeg"), task(changes)), std::vector<Problem>{}) << changes;
  }
}

TEST(FfmpegSchema, TellsEveryBreachInTheOrderOfTheDocument) {
  const auto problems =
      check_schema(embedded_schema("ffmpeg"), parsed(R"({"sources":[1],"source_maps":[],"x":2})"));
  std::vector<std::string> pointers;
  for (const Problem& problem : problems) pointers.push_back(problem.pointer);
  EXPECT_THAT(pointers, ElementsAre("", "", "/sources/0", "/source_maps", "/x"));
}

TEST(FfmpegSchema, ALongListIsRefusedBeforeItsItemsAreCompared) {
  boost::json::value data = task("{}");
  boost::json::array many;
  for (int i = 0; i < 200000; ++i) many.emplace_back("a");
  data.as_object()["sources"] = std::move(many);
  const auto problems = check_schema(embedded_schema("ffmpeg"), data);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message, "found a list of 200000, expected at most 500");
}

TEST(FfmpegSchema, LongStringsAreCheckedAndQuotedInPart) {
  const std::string word(2000000, 'x');
  const auto problems =
      check_schema(embedded_schema("ffmpeg"),
                   task((R"({"source_maps":[{"source":0,"specifier":")" + word + R"("}]})").c_str()));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_LT(problems[0].message.size(), 400U);
}

// The tasks of the other modules, with the top-level keys of `changes` laid over them.
boost::json::value changed(const char* base, const char* changes) {
  boost::json::value data = parsed(base);
  const boost::json::value over = parsed(changes);
  for (const auto& [key, value] : over.as_object()) data.as_object()[key] = value;
  return data;
}

void expect_breaches(const char* module, const char* base, const std::vector<Breach>& breaches) {
  for (const auto& [changes, pointer, message] : breaches) {
    const auto problems = check_schema(embedded_schema(module), changed(base, changes));
    ASSERT_EQ(problems.size(), 1U) << changes << ::testing::PrintToString(problems);
    EXPECT_EQ(problems[0].pointer, pointer) << changes;
    EXPECT_THAT(problems[0].message, HasSubstr(message)) << changes;
  }
}

constexpr const char* kMkvmergeTask =
    R"({"sources":[{"filename":"a.mkv"}],"tracks":[{"source":0,"track":0}],"output_file":"o.mkv"})";

TEST(MkvmergeSchema, SaysWhereAndWhatIsWrong) {
  expect_breaches(
      "mkvmerge", kMkvmergeTask,
      {{R"({"sources":[]})", "/sources", "found an empty list, expected at least 1"},
       {R"({"sources":["a.mkv"]})", "/sources/0", "found the string \"a.mkv\", expected an object"},
       {R"({"sources":[{}]})", "/sources/0", "the key \"filename\" is missing: the path of a file"},
       {R"({"sources":[{"filename":""}]})", "/sources/0/filename", "found an empty string"},
       {R"({"sources":[{"filename":7}]})", "/sources/0/filename", "found the number 7, expected a string"},
       {R"({"sources":[{"filename":"a","option":{}}]})", "/sources/0/option", "unknown key \"option\""},
       {R"({"sources":[{"filename":"a","options":["x"]}]})", "/sources/0/options", "expected an object"},
       {R"({"sources":[{"filename":"a","options":{"x":[]}}]})", "/sources/0/options/x",
        "found an empty list"},
       {R"({"sources":[{"filename":"a","options":{"":1}}]})", "/sources/0/options/",
        "found the key \"\", expected an option's name without its dashes"},
       {R"({"tracks":[]})", "/tracks", "expected at least 1"},
       {R"({"tracks":[{"source":0}]})", "/tracks/0", "the key \"track\" is missing"},
       {R"({"tracks":[{"track":0}]})", "/tracks/0", "the key \"source\" is missing"},
       {R"({"tracks":[{"source":0,"track":-1}]})", "/tracks/0/track",
        "found the number -1, expected at least 0"},
       {R"({"tracks":[{"source":0,"track":"0"}]})", "/tracks/0/track", "expected an integer"},
       {R"({"tracks":[{"source":0.5,"track":0}]})", "/tracks/0/source", "expected an integer"},
       {R"({"tracks":[{"source":0,"track":0,"specifier":"a"}]})", "/tracks/0/specifier",
        "known here: source, track"},
       {R"({"tracks":[{"source":0,"track":0,"options":{"language":{}}}]})", "/tracks/0/options/language",
        "found an empty object"},
       {R"({"options":null})", "/options", "found null, expected an object"},
       {R"({"options":{"title":["x"]}})", "/options/title", "found a list of 1"},
       {R"({"attachments":[{"name":"x"}]})", "/attachments/0", "the key \"filename\" is missing"},
       {R"({"attachments":[{"filename":"x","mimeType":"y"}]})", "/attachments/0/mimeType",
        "mimetype, mime_type"},
       {R"({"attachments":["x"]})", "/attachments/0", "expected an object"},
       {R"({"attachment_directories":"fonts"})", "/attachment_directories", "expected a list"},
       {R"({"attachment_directories":[""]})", "/attachment_directories/0", "expected the path of a folder"},
       {R"({"output_file":""})", "/output_file", "found an empty string"},
       {R"({"output_file":"a\u0000b"})", "/output_file", "holds a NUL"},
       {R"({"output":"x"})", "/output", "unknown key \"output\"; known here: sources, tracks"}});
}

TEST(MkvmergeSchema, AcceptsEveryKindOfValue) {
  const auto data = changed(kMkvmergeTask, R"({"options":{"a":"x","b":1,"c":1.5,"d":true,"e":null},
      "sources":[{"filename":"a","options":{"_copy-audio-tracks":null,"b":0}},{"filename":"a"}],
      "tracks":[{"source":1,"track":2,"options":{"sync":100,"language":"jpn"}}],
      "attachments":[{"filename":"f","name":"n","mimetype":"a/b","mime_type":"a/b"}],"attachment_directories":["d"]})");
  EXPECT_EQ(check_schema(embedded_schema("mkvmerge"), data), std::vector<Problem>{});
}

constexpr const char* kMkvextractTask = R"({"source":"a.mkv","chapters":"c.xml"})";

TEST(MkvextractSchema, SaysWhereAndWhatIsWrong) {
  expect_breaches(
      "mkvextract", kMkvextractTask,
      {{R"({"source":""})", "/source", "found an empty string, expected the path of a Matroska file"},
       {R"({"source":["a"]})", "/source", "found a list of 1, expected a string"},
       {R"({"chapters":true})", "/chapters", "found true, expected a string"},
       {R"({"chapters":""})", "/chapters", "found an empty string"},
       {R"({"tags":{}})", "/tags", "found an empty object, expected a string"},
       {R"({"tracks":{}})", "/tracks", "expected a list"},
       {R"({"tracks":[0]})", "/tracks/0", "expected an object"},
       {R"({"tracks":[{"id":0}]})", "/tracks/0", "the key \"filename\" is missing: the file to write"},
       {R"({"tracks":[{"filename":"a"}]})", "/tracks/0",
        "the key \"id\" is missing: the track, counted from 0"},
       {R"({"tracks":[{"id":"0","filename":"a"}]})", "/tracks/0/id", "expected an integer"},
       {R"({"tracks":[{"id":1.5,"filename":"a"}]})", "/tracks/0/id", "expected an integer"},
       {R"({"tracks":[{"id":0,"filename":""}]})", "/tracks/0/filename", "found an empty string"},
       {R"({"tracks":[{"id":0,"filename":"a","track_type":"subtitle"}]})", "/tracks/0/track_type",
        "expected \"video\", \"audio\", \"subtitles\" or \"buttons\""},
       {R"({"tracks":[{"id":0,"filename":"a","language":1}]})", "/tracks/0/language",
        "expected a string or null"},
       {R"({"tracks":[{"id":0,"filename":"a","type":"audio"}]})", "/tracks/0/type", "unknown key \"type\""},
       {R"({"attachments":[{"id":1}]})", "/attachments/0", "the key \"filename\" is missing"},
       {R"({"attachments":[{"id":1,"filename":"a","language":"eng"}]})", "/attachments/0/language",
        "unknown key"},
       {R"({"timestamps":[{"id":null,"filename":"a"}]})", "/timestamps/0/id",
        "found null, expected an integer"},
       {R"({"cues":[{"id":65536,"filename":"a"}]})", "/cues/0/id", "expected at most 65535"},
       {R"({"cuesheet":"a"})", "/cuesheet", "unknown key \"cuesheet\"; known here: source, tracks"}});
  const auto problems = check_schema(embedded_schema("mkvextract"), parsed(R"({"source":"a.mkv"})"));
  ASSERT_EQ(problems.size(), 1U) << ::testing::PrintToString(problems);
  EXPECT_EQ(problems[0].message,
            "one of the keys tracks, attachments, chapters, tags, timestamps or cues is missing");
}

TEST(CleanupSchema, SaysWhereAndWhatIsWrong) {
  const Breach breaches[] = {
      {R"({})", "", "expected at least 1 of the keys delete, copy, move"},
      {R"({"delete":"a"})", "/delete", "expected a list"},
      {R"({"delete":[1]})", "/delete/0", "expected a string"},
      {R"({"delete":[""]})", "/delete/0", "found an empty string"},
      {R"({"copy":[{"source":"a"}]})", "/copy/0", "the key \"destination\" is missing"},
      {R"({"move":[{"source":"a","destination":"b","mode":1}]})", "/move/0/mode", "unknown key \"mode\""},
      {R"({"move":[],"remove":[]})", "/remove", "known here: delete, copy, move"},
      {R"([])", "", "found an empty list, expected an object"},
  };
  for (const auto& [document, pointer, message] : breaches) {
    const auto problems = check_schema(embedded_schema("cleanup"), parsed(document));
    ASSERT_EQ(problems.size(), 1U) << document << ::testing::PrintToString(problems);
    EXPECT_EQ(problems[0].pointer, pointer) << document;
    EXPECT_THAT(problems[0].message, HasSubstr(message)) << document;
  }
}

TEST(Schema, TheOtherKeywordsHaveWordsToo) {
  const Breach breaches[] = {
      {R"({"enum":["a",1,44.1]})", "", "found true, expected \"a\", 1 or 44.1"},
      {R"({"const":3})", "", "found true, expected 3"},
      {R"({"type":["integer","null"]})", "", "found true, expected an integer or null"},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})", "", "found true"},
  };
  for (const auto& [schema, pointer, message] : breaches) {
    const auto problems = check_schema(parsed(schema), parsed("true"));
    ASSERT_FALSE(problems.empty()) << schema;
    EXPECT_THAT(problems.back().message, HasSubstr(message)) << schema;
  }
  const auto schema =
      parsed(R"({"minLength":3,"maxLength":4,"exclusiveMinimum":1,"maximum":5,"maxProperties":1})");
  EXPECT_THAT(check_schema(schema, parsed("\"a\"")).at(0).message, HasSubstr("at least 3 characters"));
  EXPECT_THAT(check_schema(schema, parsed("\"abcde\"")).at(0).message, HasSubstr("at most 4 characters"));
  EXPECT_THAT(check_schema(schema, parsed("1")).at(0).message,
              HasSubstr("found the number 1, expected more than 1"));
  EXPECT_THAT(check_schema(schema, parsed("6")).at(0).message, HasSubstr("expected at most 5"));
  EXPECT_THAT(check_schema(schema, parsed(R"({"a":1,"b":2})")).at(0).message,
              HasSubstr("expected at most 1"));
}

TEST(Schema, ABrokenOneIsAnErrorOfOurs) {
  EXPECT_THROW(check_schema(parsed(R"({"type":7})"), parsed("1")), std::logic_error);
  EXPECT_THROW(embedded_schema("none"), std::logic_error);
}

// Every member of a schema's `properties`, at any depth.
void expect_descriptions(const boost::json::value& schema, const std::string& pointer) {
  if (!schema.is_object()) return;
  const auto& object = schema.as_object();
  if (const auto* properties = object.if_contains("properties")) {
    for (const auto& [key, sub] : properties->as_object()) {
      EXPECT_TRUE(sub.as_object().contains("description")) << pointer << "/" << std::string_view(key);
      expect_descriptions(sub, pointer + "/" + std::string(key));
    }
  }
  if (const auto* items = object.if_contains("items")) expect_descriptions(*items, pointer + "/items");
}

TEST(Registry, EveryModuleHasAnEmbeddedSchemaThatDescribesItsFields) {
  const Registry registry;
  EXPECT_THAT(registry.names(), ::testing::IsSupersetOf({"cleanup", "ffmpeg", "mkvextract", "mkvmerge"}));
  EXPECT_THAT(registry.names(), ::testing::WhenSorted(::testing::ElementsAreArray(registry.names())));
  EXPECT_EQ(registry.find("none"), nullptr);
  for (const std::string& name : registry.names()) {
    ASSERT_NE(registry.find(name), nullptr);
    EXPECT_EQ(registry.find(name)->name(), name);
    expect_descriptions(registry.find(name)->schema(), name);
  }
}

}  // namespace
}  // namespace sisyphus::modules
