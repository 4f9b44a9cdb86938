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
      {R"({"sources":[]})", "/sources", "found a list of 0, expected at least 1"},
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
       "expected an integer"},
      {R"({"source_maps":[{"source":0,"specifier":"x"}]})", "/source_maps/0/specifier",
       "begins with v (video)"},
      {R"({"source_maps":[{"source":0,"specifier":""}]})", "/source_maps/0/specifier",
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
       "found an object"},
      {R"({"output_maps":[{"stream":0,"options":{"a":[[]]}}]})", "/output_maps/0/options/a/0",
       "found a list of 0"},
      {R"({"output_maps":[{"stream":0,"options":{"":1}}]})", "/output_maps/0/options/",
       "the key is not allowed"},
      {R"({"input_options":{"a":{}}})", "/input_options/a", "found an object, expected a string, a number"},
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
      R"({"input_options":{"a":"x","b":1,"c":1.5,"d":true,"e":null}})",
      R"({"source_maps":[{"source":0,"specifier":"Attachments","stream":3,"optional":true}]})",
      R"({"output_maps":[{"stream":0,"options":{"a":{"b":1,"c":null},"d":[1,"x"],"e":"","f":{}}}]})",
      R"({"output_maps":[{"stream":0,"option_set":"x"}],"overwrite":false})",
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

TEST(CleanupSchema, SaysWhereAndWhatIsWrong) {
  const Breach breaches[] = {
      {R"({})", "", "expected at least 1 of the keys delete, copy, move"},
      {R"({"delete":"a"})", "/delete", "expected a list"},
      {R"({"delete":[1]})", "/delete/0", "expected a string"},
      {R"({"delete":[""]})", "/delete/0", "found an empty string"},
      {R"({"copy":[{"source":"a"}]})", "/copy/0", "the key \"destination\" is missing"},
      {R"({"move":[{"source":"a","destination":"b","mode":1}]})", "/move/0/mode", "unknown key \"mode\""},
      {R"({"move":[],"remove":[]})", "/remove", "known here: delete, copy, move"},
      {R"([])", "", "found a list of 0, expected an object"},
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
      {R"({"enum":["a",1]})", "", "found true, expected \"a\" or 1"},
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
  EXPECT_THAT(registry.names(), ::testing::IsSupersetOf({"cleanup", "ffmpeg"}));
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
