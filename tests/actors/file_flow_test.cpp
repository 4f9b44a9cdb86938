#include "actors/job_checks.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using modules::FileOperation;
using modules::Problem;
using ::testing::IsEmpty;
using Kind = FileOperation::Kind;

modules::Plan tool(std::vector<std::string> inputs, const std::string& output) {
  modules::Plan plan;
  plan.inputs = std::move(inputs);
  plan.outputs.push_back({output, "/staged"});
  return plan;
}

modules::Plan files(std::vector<FileOperation> operations) {
  modules::Plan plan;
  plan.action = modules::ChangeFiles{std::move(operations)};
  return plan;
}

std::vector<Problem> one(Problem::Kind kind, std::size_t task, const std::string& message) {
  return {{kind, "/tasks/" + std::to_string(task) + "/data", message}};
}

TEST(FileFlow, TwoToolsMayNotWriteOneFile) {
  FileFlow flow;
  EXPECT_THAT(flow.add(0, tool({"/in"}, "/a/out")), IsEmpty());
  EXPECT_EQ(flow.add(1, tool({"/in"}, "/a/b/../out")),
            one(Problem::Kind::document, 1, "/a/out is written by task 1 already"));
}

TEST(FileFlow, AFileThatWasMovedAwayOrDeletedMayBeWrittenAgain) {
  FileFlow flow;
  flow.add(0, tool({"/in"}, "/out"));
  EXPECT_THAT(flow.add(1, files({{Kind::move, "/out", "/kept"}})), IsEmpty());
  EXPECT_THAT(flow.add(2, tool({"/in"}, "/out")), IsEmpty());
  EXPECT_THAT(flow.add(3, files({{Kind::remove, "/out", ""}})), IsEmpty());
  EXPECT_THAT(flow.add(4, tool({"/in"}, "/out")), IsEmpty());
}

TEST(FileFlow, ACopyOrMoveMayNotReplaceWhatNothingHasRead) {
  for (const Kind kind : {Kind::copy, Kind::move}) {
    FileFlow flow;
    flow.add(0, tool({"/in"}, "/out"));
    EXPECT_EQ(flow.add(1, files({{kind, "/other", "/out"}})),
              one(Problem::Kind::environment, 1,
                  "/out is written by task 1 already, and nothing has read it since"));
  }
  FileFlow flow;
  EXPECT_EQ(flow.add(0, files({{Kind::move, "/a", "/kept"}, {Kind::move, "/b", "/kept"}})),
            one(Problem::Kind::environment, 0,
                "/kept is written by task 1 already, and nothing has read it since"));
}

TEST(FileFlow, AnIntermediateFileMayBeReplacedByTheResult) {
  FileFlow flow;
  flow.add(0, tool({"/in"}, "/film"));
  flow.add(1, tool({"/film"}, "/muxed"));
  EXPECT_THAT(flow.add(2, files({{Kind::move, "/muxed", "/film"}})), IsEmpty());
  EXPECT_EQ(flow.add(3, tool({"/in"}, "/film")),
            one(Problem::Kind::document, 3, "/film is written by task 3 already"));
}

TEST(FileFlow, WhatATaskHasTakenAwayCannotBeRead) {
  FileFlow flow;
  flow.add(0, files({{Kind::remove, "/old", ""}, {Kind::move, "/in", "/kept"}}));
  EXPECT_EQ(flow.add(1, tool({"/old"}, "/out")),
            one(Problem::Kind::document, 1, "/old is deleted or moved away by task 1 before"));
  EXPECT_EQ(flow.add(2, files({{Kind::copy, "/in", "/x"}})),
            one(Problem::Kind::document, 2, "/in is deleted or moved away by task 1 before"));
  EXPECT_THAT(flow.add(3, tool({"/kept"}, "/in")), IsEmpty());
  EXPECT_THAT(flow.add(4, tool({"/in"}, "/out2")), IsEmpty());
}

TEST(FileFlow, AMoveOntoItselfChangesNothing) {
  FileFlow flow;
  flow.add(0, tool({"/in"}, "/out"));
  EXPECT_THAT(flow.add(1, files({{Kind::move, "/out", "/./out"}})), IsEmpty());
  EXPECT_THAT(flow.add(2, tool({"/out"}, "/other")), IsEmpty());
}

}  // namespace
}  // namespace sisyphus::actors
