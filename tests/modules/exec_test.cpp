#include "modules/exec.hpp"

#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

class ExecPlan : public ::testing::Test {
 protected:
  ExecPlan() {
    manifest.name = "poster";
    manifest.command = {"poster-tool", "-v"};
    manifest.inputs = {"/source", "/more"};
    manifest.outputs = {"/output_file", "/sidecars"};
    facts.working_directory = folder.path().string();
    facts.attempt_folder = ".sisyphus-J-1";
    facts.programs["poster-tool"] = "/usr/bin/poster-tool";
    write_text(folder / "in.mkv", "");
  }

  Planned plan(const char* data) const { return ExecModule(manifest).plan(parsed(data).as_object(), facts); }
  std::vector<Problem> problems(const char* data) const { return plan(data).problems; }
  boost::json::value input_of(const Planned& planned) const {
    return parsed(*std::get<RunProgram>(planned.plan->action).input);
  }

  TempFolder folder;
  ExecManifest manifest;
  Facts facts;
};

TEST_F(ExecPlan, GivesTheProgramTheDataWithAbsolutePathsAndOutputsInTheHiddenFolder) {
  const Planned planned =
      plan(R"({"z":19.0,"source":"in.mkv","output_file":"a.jpg","sidecars":["b.txt"],"a":{"k":null}})");
  ASSERT_THAT(planned.problems, IsEmpty());
  const std::string at = folder.path().string();
  EXPECT_EQ(input_of(planned),
            boost::json::value({{"z", 19.0},
                                {"source", at + "/in.mkv"},
                                {"output_file", at + "/.sisyphus-J-1/a.jpg"},
                                {"sidecars", boost::json::array{at + "/.sisyphus-J-1/b.txt"}},
                                {"a", boost::json::object{{"k", nullptr}}}}));
  EXPECT_THAT(std::get<RunProgram>(planned.plan->action).argv, ElementsAre("/usr/bin/poster-tool", "-v"));
  EXPECT_THAT(planned.plan->argv, IsEmpty());  // the original has no such module
  EXPECT_THAT(planned.plan->inputs, ElementsAre(at + "/in.mkv"));
  EXPECT_THAT(planned.plan->writes, ElementsAre(at + "/a.jpg", at + "/b.txt"));
  ASSERT_EQ(planned.plan->outputs.size(), 2U);
  EXPECT_EQ(planned.plan->outputs[0].path, at + "/a.jpg");
  EXPECT_EQ(planned.plan->outputs[0].staged, at + "/.sisyphus-J-1/a.jpg");
}

TEST_F(ExecPlan, CarriesWhatTheManifestSaysOfTheRun) {
  manifest.resources = {{"gpu", 1}};
  manifest.timeout = std::chrono::seconds(3);
  const Planned planned = plan("{}");
  EXPECT_EQ(planned.plan->resources, manifest.resources);
  EXPECT_EQ(planned.plan->timeout, manifest.timeout);
  EXPECT_EQ(planned.plan->stop, StopPolicy::terminate);
}

TEST_F(ExecPlan, FilesThatAreLeftOutAreNone) {
  const Planned planned = plan(R"({"source":null,"more":[]})");
  EXPECT_THAT(planned.problems, IsEmpty());
  EXPECT_THAT(planned.plan->inputs, IsEmpty());
  EXPECT_THAT(planned.plan->outputs, IsEmpty());
}

TEST_F(ExecPlan, MissingInputIsAProblemUnlessAnEarlierTaskIsYetToWriteIt) {
  EXPECT_THAT(problems(R"({"source":"gone.mkv"})"),
              ElementsAre(Problem{kEnvironment, "/source", folder / "gone.mkv" + " does not exist"}));
  facts.written_before.insert(folder / "gone.mkv");
  EXPECT_THAT(problems(R"({"source":"gone.mkv"})"), IsEmpty());
  facts.earlier_tasks_done = true;
  EXPECT_THAT(problems(R"({"source":"gone.mkv"})"),
              ElementsAre(Problem{kEnvironment, "/source", folder / "gone.mkv" + " does not exist"}));
}

TEST_F(ExecPlan, WhatIsNoPathIsAProblem) {
  EXPECT_THAT(problems(R"({"source":7,"more":["in.mkv",{}],"output_file":""})"),
              ElementsAre(Problem{kDocument, "/source", "expected the path of a file"},
                          Problem{kDocument, "/more/1", "expected the path of a file"},
                          Problem{kDocument, "/output_file", "expected the path of a file"}));
}

TEST_F(ExecPlan, OutputMustNotBeAnInput) {
  EXPECT_THAT(problems(R"({"source":"in.mkv","output_file":"./in.mkv"})"),
              ElementsAre(Problem{kDocument, "/output_file",
                                  "the output is also the input /source; write to another file"}));
}

TEST_F(ExecPlan, OutputMustBeNamedOnce) {
  EXPECT_THAT(problems(R"({"output_file":"a","sidecars":["b","./a"]})"),
              ElementsAre(Problem{kDocument, "/sidecars/1",
                                  "found " + folder / "a" + " again, it is /output_file already"}));
}

TEST_F(ExecPlan, OutputNeedsItsFolder) {
  EXPECT_THAT(problems(R"({"output_file":"gone/a"})"),
              ElementsAre(Problem{kEnvironment, "/output_file",
                                  "the output's folder " + folder / "gone" + " does not exist"}));
}

TEST_F(ExecPlan, MissingProgramIsAProblemOfThisMachine) {
  facts.programs.clear();
  EXPECT_THAT(problems("{}"),
              ElementsAre(Problem{kEnvironment, "", "the program poster-tool is not on PATH"}));
  manifest.command = {"/opt/poster"};
  EXPECT_THAT(problems("{}"), ElementsAre(Problem{kEnvironment, "", "there is no executable /opt/poster"}));
}

}  // namespace
}  // namespace sisyphus::modules
