#include "actors/disk_room.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace sisyphus::actors {
namespace {

using modules::FileOperation;
using testing::HasSubstr;
using Kind = FileOperation::Kind;

constexpr std::uint64_t kMoreThanAnyDisk = std::numeric_limits<std::uint64_t>::max();

JobPlan job_of(modules::Plan plan) {
  JobPlan job;
  job.tasks.resize(2);  // the second one is not planned yet
  job.tasks.front().planned.plan = std::move(plan);
  return job;
}

JobPlan job_that_writes(const std::string& path) {
  modules::Plan plan;
  plan.outputs.push_back({path, path + ".staged"});
  return job_of(std::move(plan));
}

JobPlan job_of_files(FileOperation operation) {
  modules::Plan plan;
  plan.action = modules::ChangeFiles{{std::move(operation)}};
  return job_of(std::move(plan));
}

TEST(DiskRoom, AFolderWithLessFreeIsNamedWithBothAmounts) {
  const auto said = short_of_room(job_that_writes("/tmp/out.mkv"), kMoreThanAnyDisk);
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("/tmp has "));
  EXPECT_THAT(*said, HasSubstr(" GB free, less than its --min-free-gb, 1.84467e+10"));
}

TEST(DiskRoom, EnoughIsEnough) {
  EXPECT_FALSE(short_of_room(job_that_writes("/tmp/out.mkv"), 1));
  EXPECT_FALSE(short_of_room(job_that_writes("/tmp/out.mkv"), 0));
}

TEST(DiskRoom, AFolderThatIsNotThereYetHasTheRoomOfTheOneAbove) {
  EXPECT_EQ(free_bytes("/proc/no/such/folder"), free_bytes("/proc"));
  EXPECT_TRUE(short_of_room(job_that_writes("/tmp/no/such/folder/out.mkv"), kMoreThanAnyDisk));
}

TEST(DiskRoom, CopiesNeedRoomWhereTheyEnd) {
  const auto said = short_of_room(job_of_files({Kind::copy, "/etc/hostname", "/tmp/copy"}), kMoreThanAnyDisk);
  EXPECT_THAT(said.value_or(""), HasSubstr("/tmp has "));
}

TEST(DiskRoom, MovesNeedRoomOnlyOnAnotherDisk) {
  EXPECT_FALSE(short_of_room(job_of_files({Kind::move, "/tmp/a", "/tmp/b"}), kMoreThanAnyDisk));
  EXPECT_TRUE(short_of_room(job_of_files({Kind::move, "/proc/version", "/tmp/b"}), kMoreThanAnyDisk));
}

TEST(DiskRoom, WhatIsDeletedNeedsNone) {
  EXPECT_FALSE(short_of_room(job_of_files({Kind::remove, "/tmp/a"}), kMoreThanAnyDisk));
}

}  // namespace
}  // namespace sisyphus::actors
