#include "actors/planning_failure.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sisyphus::actors {
namespace {

using modules::Problem;

PlannedTask task_with(std::vector<Problem> problems) {
  PlannedTask task;
  task.planned.problems = std::move(problems);
  return task;
}

const Problem kShort{Problem::Kind::finding, "/tasks/1/data/duration", "the file lasts 1 s"};
const Problem kLarge{Problem::Kind::finding, "/tasks/1/data/smaller_than", "the file's size is 9"};
const Problem kMissing{Problem::Kind::environment, "/tasks/2/data/source", "there is no in.mkv"};

TEST(PlanningFailure, NoneWithoutAProblem) {
  const std::vector tasks{task_with({}), task_with({})};
  EXPECT_FALSE(planning_failure(tasks));
}

TEST(PlanningFailure, AFailedCheckIsToldAsWhatItsTaskFound) {
  const std::vector tasks{task_with({}), task_with({kShort, kLarge}), task_with({kShort})};
  const auto failure = planning_failure(tasks);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->failed_check, 1U);
  EXPECT_EQ(failure->message, "the file lasts 1 s\nthe file's size is 9");
}

TEST(PlanningFailure, AMistakeAnywhereIsToldWithAllPlaces) {
  const std::vector tasks{task_with({}), task_with({kShort}), task_with({kMissing})};
  const auto failure = planning_failure(tasks);
  ASSERT_TRUE(failure);
  EXPECT_FALSE(failure->failed_check);
  EXPECT_EQ(failure->message,
            "Could not validate task data:\n/tasks/1/data/duration: the file lasts 1 s\n"
            "/tasks/2/data/source: there is no in.mkv");
}

}  // namespace
}  // namespace sisyphus::actors
