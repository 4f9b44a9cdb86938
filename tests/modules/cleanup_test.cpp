#include "modules/cleanup.hpp"

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
using ::testing::IsEmpty;

class CleanupPlan : public ::testing::Test {
 protected:
  CleanupPlan() {
    std::filesystem::create_directory(folder_ / "work");
    std::filesystem::create_directory(folder_ / "shared");
    facts_.working_directory = folder_ / "work";
    facts_.attempt_folder = ".sisyphus-job-1";
    write_text(folder_ / "work/a", "x");
  }

  Planned plan(std::string_view data) { return module_.plan(parsed(data).as_object(), facts_); }

  void expect_one(std::string_view data, Problem::Kind kind, const std::string& pointer,
                  const std::string& part) {
    const Planned planned = plan(data);
    ASSERT_EQ(planned.problems.size(), 1U) << data << ::testing::PrintToString(planned.problems);
    EXPECT_EQ(planned.problems[0].kind, kind) << data;
    EXPECT_EQ(planned.problems[0].pointer, pointer) << data;
    EXPECT_THAT(planned.problems[0].message, HasSubstr(part)) << data;
    EXPECT_EQ(planned.plan.has_value(), kind == Problem::Kind::environment) << data;
  }

  static constexpr auto kDocument = Problem::Kind::document;
  static constexpr auto kEnvironment = Problem::Kind::environment;
  const testing::TempFolder folder_;
  const CleanupModule module_;
  Facts facts_;
};

TEST_F(CleanupPlan, OperationsComeInTheOrderOfTheKeys) {
  const Planned planned =
      plan(R"({"move":[{"source":"a","destination":"../shared/b"}],"delete":["x","/tmp/none"],
      "copy":[{"source":"../shared/b","destination":"c"}]})");
  EXPECT_THAT(planned.problems, IsEmpty());
  ASSERT_TRUE(planned.plan);
  EXPECT_THAT(planned.plan->argv, IsEmpty());
  EXPECT_TRUE(planned.plan->irreversible);
  EXPECT_EQ(module_.progress(*planned.plan), nullptr);
  const auto& operations = std::get<ChangeFiles>(planned.plan->action).operations;
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].kind, FileOperation::Kind::move);
  EXPECT_EQ(operations[0].source, folder_ / "work/a");
  EXPECT_EQ(operations[0].destination, folder_ / "work/../shared/b");
  EXPECT_EQ(operations[0].staged, folder_ / "work/../shared/.sisyphus-job-1/b");
  EXPECT_EQ(operations[1].kind, FileOperation::Kind::remove);
  EXPECT_EQ(operations[1].source, folder_ / "work/x");
  EXPECT_EQ(operations[3].kind, FileOperation::Kind::copy);
  EXPECT_THAT(planned.plan->writes, ElementsAre(folder_ / "shared/b", folder_ / "work/c"));
}

TEST_F(CleanupPlan, ACopyAloneCanBeDoneAgain) {
  const Planned planned = plan(R"({"copy":[{"source":"a","destination":"../shared"}],"delete":[]})");
  ASSERT_TRUE(planned.plan);
  EXPECT_FALSE(planned.plan->irreversible);
  EXPECT_THAT(planned.plan->writes, ElementsAre(folder_ / "shared/a"));
}

TEST_F(CleanupPlan, AnExistingFolderTakesTheFileUnderItsOwnName) {
  const Planned planned = plan(R"({"copy":[{"source":"a","destination":"../shared/"}]})");
  ASSERT_TRUE(planned.plan);
  const auto& operations = std::get<ChangeFiles>(planned.plan->action).operations;
  EXPECT_EQ(operations[0].destination, folder_ / "work/../shared/a");
  EXPECT_EQ(operations[0].staged, folder_ / "work/../shared/.sisyphus-job-1/a");
}

TEST_F(CleanupPlan, ASourceMustBeAFileThatIsThereByThen) {
  expect_one(R"({"copy":[{"source":"b","destination":"c"}]})", kEnvironment, "/copy/0/source",
             "does not exist");
  expect_one(R"({"move":[{"source":"../shared","destination":"c"}]})", kEnvironment, "/move/0/source",
             "is a folder");
  expect_one(R"({"delete":["a"],"copy":[{"source":"a","destination":"c"}]})", kDocument, "/copy/0/source",
             "deleted or moved away before this");
  EXPECT_THAT(
      plan(R"({"copy":[{"source":"a","destination":"b"},{"source":"b","destination":"c"}]})").problems,
      IsEmpty());
  facts_.written_before.insert(folder_ / "work/b");
  EXPECT_THAT(plan(R"({"copy":[{"source":"./b","destination":"c"}]})").problems, IsEmpty());
}

TEST_F(CleanupPlan, ADestinationNeedsItsFolder) {
  expect_one(R"({"copy":[{"source":"a","destination":"no/b"}]})", kEnvironment, "/copy/0/destination",
             "does not exist");
  expect_one(R"({"copy":[{"source":"a","destination":"no/"}]})", kEnvironment, "/copy/0/destination",
             "does not exist");
  std::filesystem::create_directory(folder_ / "shared/a");
  expect_one(R"({"move":[{"source":"a","destination":"../shared"}]})", kEnvironment, "/move/0/destination",
             "no file that could be replaced");
}

TEST_F(CleanupPlan, TheRootAndTheWorkingFolderAreNeverDeleted) {
  for (const char* path : {"/", "//", "/..", ".", "./", "../work", "..", "../shared/.."}) {
    expect_one(std::string(R"({"delete":[")") + path + R"("]})", kDocument, "/delete/0", "refused to delete");
  }
}

TEST_F(CleanupPlan, AFolderThatIsNotEmptyIsAWarning) {
  write_text(folder_ / "shared/x", "x");
  const Planned full = plan(R"({"delete":["../shared"]})");
  EXPECT_THAT(full.problems, IsEmpty());
  EXPECT_THAT(full.warnings, ElementsAre(HasSubstr("not empty now")));
  EXPECT_THAT(plan(R"({"delete":["../shared/x","../shared"]})").warnings, IsEmpty());
}

TEST_F(CleanupPlan, MovingAFileOntoItselfTakesNothingAway) {
  const Planned planned = plan(R"({"move":[{"source":"a","destination":"./a"}]})");
  EXPECT_THAT(planned.problems, IsEmpty());
  EXPECT_FALSE(planned.plan->irreversible);
}

}  // namespace
}  // namespace sisyphus::modules
