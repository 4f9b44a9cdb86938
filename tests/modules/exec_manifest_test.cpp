#include "modules/exec_manifest.hpp"

#include "modules/registry.hpp"
#include "tests/modules/support.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;

constexpr const char* kGood = R"({"name":"poster","description":"a picture","command":["true"],
    "schema":{"properties":{"source":{},"a/b":{}}}})";

// A good manifest with the keys of `changes` laid over it; null takes a key away.
std::string manifest(const char* changes) {
  boost::json::value value = parsed(kGood);
  const boost::json::value over = parsed(changes);
  for (const auto& [key, member] : over.as_object()) {
    if (member.is_null()) {
      value.as_object().erase(key);
    } else {
      value.as_object()[key] = member;
    }
  }
  return boost::json::serialize(value);
}

class ExecManifests : public ::testing::Test {
 protected:
  void write(std::string_view name, std::string_view text) { write_text(folder / name, text); }
  Result<std::vector<ExecManifest>> read() { return read_manifests(folder.path().string(), {"ffmpeg"}); }
  // The complaints about one manifest, m.json, with "DIR" for the folder.
  std::string complaints(std::string_view text) {
    write("m.json", text);
    const auto manifests = read();
    if (manifests) return "no complaint";
    std::string detail = manifests.error().detail;
    const std::string path = folder.path().string();
    for (std::size_t at = 0; (at = detail.find(path)) != std::string::npos;)
      detail.replace(at, path.size(), "DIR");
    return detail;
  }

  TempFolder folder;
};

TEST_F(ExecManifests, AreReadWithAllTheirFields) {
  write("poster.sh", "#!/bin/sh\n");
  std::filesystem::permissions(folder / "poster.sh", std::filesystem::perms::owner_all);
  write("poster.schema.json", R"({"properties":{"source":{},"out":{}}})");
  write("poster.json",
        manifest(R"({"command":["./poster.sh","-v"],"schema":"poster.schema.json","timeout_s":1.5,
      "resources":{"gpu":1,"ram":0.5},"inputs":["/source"],"outputs":["/out/0"]})"));
  const auto manifests = read();
  ASSERT_TRUE(manifests) << manifests.error().detail;
  ASSERT_EQ(manifests->size(), 1U);
  const ExecManifest& poster = manifests->front();
  EXPECT_EQ(poster.name, "poster");
  EXPECT_THAT(poster.command, ElementsAre(folder / "poster.sh", "-v"));
  EXPECT_EQ(poster.schema, parsed(R"({"properties":{"source":{},"out":{}},"description":"a picture"})"));
  EXPECT_EQ(poster.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(poster.resources, (std::map<std::string, double>{{"gpu", 1}, {"ram", 0.5}}));
  EXPECT_THAT(poster.inputs, ElementsAre("/source"));
  EXPECT_THAT(poster.outputs, ElementsAre("/out/0"));
}

TEST_F(ExecManifests, AreTheJsonFilesOfTheFolderInTheOrderOfTheirNames) {
  write("b.json", manifest(R"({"name":"two"})"));
  write("a.json", manifest(R"({"name":"one"})"));
  write("a.schema.json", "not read");
  write(".b.json", "not read, an editor's");
  write("readme.txt", "not read");
  const auto manifests = read();
  ASSERT_TRUE(manifests) << manifests.error().detail;
  ASSERT_EQ(manifests->size(), 2U);
  EXPECT_EQ((*manifests)[0].name, "one");
  EXPECT_EQ((*manifests)[1].name, "two");
}

TEST_F(ExecManifests, KeepTheDescriptionOfTheirSchema) {
  write("a.json", manifest(R"({"schema":{"description":"of the data"}})"));
  EXPECT_EQ(read()->front().schema, parsed(R"({"description":"of the data"})"));
}

TEST_F(ExecManifests, MissingFolderIsNamed) {
  const auto manifests = read_manifests(folder / "nowhere", {});
  EXPECT_EQ(manifests.error(),
            (Error{Errc::io,
                   fmt::format("cannot read the folder of modules {}: No such file or directory",
                               folder / "nowhere"),
                   {}}));
}

TEST_F(ExecManifests, EveryComplaintAboutEveryFileIsTold) {
  write("a.json", manifest(R"({"timeout_s":0})"));
  write("b.json", "{");
  write("c.json", manifest(R"({"name":"ffmpeg","command":[""]})"));
  EXPECT_EQ(complaints(kGood),
            "DIR/a.json: /timeout_s: found the number 0, expected more than 0\n"
            "DIR/b.json: not valid JSON: incomplete JSON at line 1, column 2\n"
            "DIR/c.json: /name: \"ffmpeg\" is a module of Sisyphus itself, choose another name\n"
            "DIR/c.json: /command/0: found an empty string, expected a program");
}

TEST_F(ExecManifests, TwoOfOneNameAreBothNamed) {
  write("a.json", kGood);
  EXPECT_EQ(complaints(kGood),
            "DIR/m.json: /name: \"poster\" is the name of DIR/a.json already, choose another");
}

TEST_F(ExecManifests, BadOnesSayFileFieldAndFix) {
  write("text.txt", "{}");
  write("list.schema.json", "[]");
  write("broken.schema.json", "{");
  static constexpr const char* kNameRule =
      "a name of small letters, digits, - and _, which begins with a letter and has at most 64 characters";
  static constexpr const char* kPointerRule =
      "a JSON Pointer to a file's path or to a list of them, such as \"/source\"";
  const std::string long_name(65, 'a');
  const std::pair<std::string, std::string> cases[] = {
      {R"({"name":null})", fmt::format("the key \"name\" is missing: {}", kNameRule)},
      {R"({"description":null})", "the key \"description\" is missing: what the module does, in a line"},
      {R"({"command":null})",
       "the key \"command\" is missing: the program and its arguments; a program with a slash is relative to "
       "the "
       "manifest's folder, another is found on PATH"},
      {R"({"schema":null})",
       "the key \"schema\" is missing: the JSON Schema (draft-07) of a task's data, or the name of a file "
       "beside the "
       "manifest that holds it"},
      {R"({"colour":1})",
       "/colour: unknown key \"colour\"; known here: $schema, name, description, command, schema, resources, "
       "timeout_s, "
       "inputs, outputs"},
      {R"({"name":7})", "/name: found the number 7, expected a string"},
      {R"({"name":""})", fmt::format("/name: found an empty string, expected {}", kNameRule)},
      {R"({"name":"Poster"})", fmt::format("/name: found the string \"Poster\", expected {}", kNameRule)},
      {R"({"name":"1up"})", fmt::format("/name: found the string \"1up\", expected {}", kNameRule)},
      {R"({"name":"a.b"})", fmt::format("/name: found the string \"a.b\", expected {}", kNameRule)},
      {R"({"name":"a\nb"})", fmt::format("/name: found the string \"a\\nb\", expected {}", kNameRule)},
      {fmt::format(R"({{"name":"{}"}})", long_name),
       fmt::format("/name: found the string \"{}\", expected {}", long_name, kNameRule)},
      {R"({"name":"ffmpeg"})", "/name: \"ffmpeg\" is a module of Sisyphus itself, choose another name"},
      {R"({"description":""})",
       "/description: found an empty string, expected what the module does, in a line"},
      {R"({"command":"true"})", "/command: found the string \"true\", expected a list; write [\"true\"]"},
      {R"({"command":[]})", "/command: found an empty list, expected at least 1"},
      {R"({"command":["true",1]})", "/command/1: found the number 1, expected a string"},
      {R"({"command":["true","a\u0000b"]})",
       "/command/1: the string holds a NUL, which no argument and no path can"},
      {R"({"command":["./gone"]})",
       "/command/0: there is no executable DIR/gone; put it there, or make it executable (chmod +x)"},
      {R"({"command":["./text.txt"]})",
       "/command/0: there is no executable DIR/text.txt; put it there, or make it executable (chmod +x)"},
      {R"({"command":["/gone/tool"]})",
       "/command/0: there is no executable /gone/tool; put it there, or make it executable (chmod +x)"},
      {R"({"schema":[]})", "/schema: found an empty list, expected an object or a string"},
      {R"({"schema":"../x.schema.json"})",
       "/schema: expected the name of a file beside the manifest, without a folder"},
      {R"({"schema":""})", "/schema: expected the name of a file beside the manifest, without a folder"},
      {R"({"schema":"gone.schema.json"})", "/schema: DIR/gone.schema.json: No such file or directory"},
      {R"({"schema":"list.schema.json"})", "/schema: DIR/list.schema.json holds no object"},
      {R"({"schema":"broken.schema.json"})",
       "/schema: DIR/broken.schema.json: not valid JSON: incomplete JSON at line 1, column 2"},
      {R"({"schema":{"type":"strin"}})",
       "/schema: the schema is no JSON Schema (draft-07): Unrecognised JSON type name 'strin'"},
      {R"({"schema":{"properties":7}})",
       "/schema: the schema is no JSON Schema (draft-07): JSON value is not an object."},
      {R"({"schema":{"required":"a"}})",
       "/schema: the schema is no JSON Schema (draft-07): JSON value is not an array."},
      {R"({"schema":{"$ref":"#/definitions/gone"}})",
       "/schema: the schema is no JSON Schema (draft-07): Expected reference token to identify an element in "
       "the current object; actual token: definitions"},
      {R"({"schema":{"$ref":"http://example.org/schema.json"}})",
       "/schema: the schema is no JSON Schema (draft-07): Fetching of remote JSON References not enabled."},
      {R"({"schema":{"properties":{"a":{"pattern":"("}}}})",
       "/schema: the schema is no JSON Schema (draft-07): a pattern in it is no regular expression: "
       "Mismatched '(' and ')' in regular expression"},
      {R"({"schema":{"patternProperties":{"[":{}}}})",
       "/schema: the schema is no JSON Schema (draft-07): a pattern in it is no regular expression: "
       "Unexpected character within '[...]' in regular expression"},
      {R"({"resources":["gpu"]})", "/resources: found a list of 1, expected an object of names and values"},
      {R"({"resources":{"gpu":"1"}})",
       "/resources/gpu: found the string \"1\", expected a number; write 1 without quotes"},
      {R"({"resources":{"gpu":0}})", "/resources/gpu: found the number 0, expected more than 0"},
      {R"({"timeout_s":"1"})",
       "/timeout_s: found the string \"1\", expected a number; write 1 without quotes"},
      {R"({"timeout_s":-1})", "/timeout_s: found the number -1, expected more than 0"},
      {R"({"timeout_s":1e300})", "/timeout_s: found the number 1e+300, expected at most 31536000"},
      {R"({"inputs":"/source"})",
       "/inputs: found the string \"/source\", expected a list; write [\"/source\"]"},
      {R"({"inputs":["source"]})",
       fmt::format("/inputs/0: found the string \"source\", expected {}", kPointerRule)},
      {R"({"inputs":["/source~2"]})",
       fmt::format("/inputs/0: found the string \"/source~2\", expected {}", kPointerRule)},
      {R"({"inputs":["/source","/source"]})",
       "/inputs/1: found the string \"/source\" again, it is /inputs/0 already"},
      {R"({"inputs":["/sorce"]})", "/inputs/0: /sorce begins with no key of the schema's properties"},
      {R"({"outputs":["/source","/sourced"]})",
       "/outputs/1: /sourced begins with no key of the schema's properties"},
      {R"({"schema":{},"outputs":["/source"]})",
       "/outputs/0: /source begins with no key of the schema's properties"},
      {R"({"inputs":["/source"],"outputs":["/source"]})",
       "/outputs/0: /source is in inputs too; a program writes to another file than it reads"},
  };
  for (const auto& [changes, complaint] : cases)
    EXPECT_EQ(complaints(manifest(changes.c_str())), "DIR/m.json: " + complaint) << changes;
  EXPECT_EQ(complaints("[]"),
            "DIR/m.json: found an empty list, expected an object with the keys name and description and "
            "command and schema");
}

TEST_F(ExecManifests, SchemaMayReferToItselfOneStepDownInTheData) {
  for (const char* const schema : {R"({"properties":{"a":{"items":{"$ref":"#"}}}})",
                                   R"({"definitions":{"n":{"properties":{"next":{"$ref":"#/definitions/n"}}}},
                                       "allOf":[{"$ref":"#/definitions/n"},{"$ref":"#/definitions/n"}]})"}) {
    EXPECT_EQ(complaints(manifest((std::string(R"({"schema":)") + schema + "}").c_str())), "no complaint")
        << schema;
  }
}

TEST_F(ExecManifests, SchemaMayNotLeadBackToItselfWithoutAStep) {
  for (const char* const schema :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})", R"({"not":{"anyOf":[{"$ref":"#"}]}})",
        R"({"dependencies":{"a":{"$ref":"#"}}})",
        R"({"properties":{"a":{"$ref":"#/properties/b"},"b":{"$ref":"#/properties/a"}}})"}) {
    EXPECT_EQ(complaints(manifest((std::string(R"({"schema":)") + schema + "}").c_str())),
              "DIR/m.json: /schema: the schema is no JSON Schema (draft-07): a reference in it leads back to "
              "itself")
        << schema;
  }
}

TEST_F(ExecManifests, PointersMayEscapeTheirKeys) {
  EXPECT_EQ(complaints(manifest(R"({"inputs":["/a~1b/0","/source"]})")), "no complaint");
}

TEST_F(ExecManifests, MakeModulesBesideTheBuiltInOnes) {
  write("poster.json", kGood);
  const auto registry = Registry::with_folder(folder.path().string());
  ASSERT_TRUE(registry);
  EXPECT_THAT(registry->names(),
              ElementsAre("cleanup", "ffmpeg", "handbrake", "mkvextract", "mkvmerge", "poster", "verify"));
  EXPECT_EQ(registry->find("poster")->name(), "poster");
}

TEST_F(ExecManifests, MayNotTakeTheNameOfABuiltInModule) {
  write("m.json", manifest(R"({"name":"cleanup"})"));
  EXPECT_EQ(Registry::with_folder(folder.path().string()).error().code, Errc::invalid);
}

TEST(ExecExamples, AreGood) {
  const auto registry =
      Registry::with_folder((sisyphus::testing::source_folder() / "config" / "modules.d").string());
  ASSERT_TRUE(registry) << registry.error().detail;
  EXPECT_NE(registry->find("poster"), nullptr);
  EXPECT_NE(registry->find("nfo"), nullptr);
}

}  // namespace
}  // namespace sisyphus::modules
