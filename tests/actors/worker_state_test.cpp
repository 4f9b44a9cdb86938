#include "actors/worker_state.hpp"

#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;

class WorkerStateTest : public testing::Test {
 protected:
  WorkerStateTest() { start(); }

  void start() {
    state_.reset();
    state_.emplace(WorkerState::open(folder_).value());
  }
  std::string file_of(const JobId& job) const { return folder_ + "/jobs/" + to_string(job); }

  static void write(const std::string& path, int age) {
    std::ofstream(path) << "x";
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(age));
  }

  TempFolder temporary_;
  std::string folder_ = temporary_.path().string();
  std::optional<WorkerState> state_;
  const JobId job_ = make_uuid();
};

TEST_F(WorkerStateTest, LeaseThatWasNotForgottenIsFoundAtTheNextStart) {
  EXPECT_TRUE(state_->abandoned().empty());
  ASSERT_TRUE(state_->remember_lease(job_, {7, 42}));
  ASSERT_TRUE(state_->remember_lease(job_, {7, 43}));
  start();
  ASSERT_EQ(state_->abandoned().size(), 1U);
  EXPECT_EQ(state_->abandoned().front().job, job_);
  EXPECT_EQ(state_->abandoned().front().token, (LeaseToken{7, 43}));
  start();  // nobody has told the server yet
  EXPECT_EQ(state_->abandoned().size(), 1U);
}

TEST_F(WorkerStateTest, ForgottenLeaseLeavesNothing) {
  ASSERT_TRUE(state_->remember_lease(job_, {7, 42}));
  ASSERT_TRUE(state_->forget_lease(job_));
  EXPECT_FALSE(fs::exists(file_of(job_)));
  start();
  EXPECT_TRUE(state_->abandoned().empty());
}

TEST_F(WorkerStateTest, FolderOfAnAttemptIsSweptAtTheNextStartAndOutputsStayKnown) {
  const std::string hidden = folder_ + "/.sisyphus-x";
  ASSERT_TRUE(state_->remember_folder(job_, hidden));
  ASSERT_TRUE(state_->remember_output(job_, "/film.mkv"));
  fs::create_directories(hidden + "/deep");
  start();
  EXPECT_EQ(state_->swept(), 1U);
  EXPECT_FALSE(fs::exists(hidden));
  EXPECT_EQ(state_->outputs_of(job_), std::set<std::string>{"/film.mkv"});
}

TEST_F(WorkerStateTest, OldLogsAreRemovedAtTheStart) {
  const std::string oldest = state_->log_path(job_, 1);
  write(oldest, 9);
  const std::string second = state_->log_path(job_, 2);
  write(second, 8);
  for (std::size_t i = 1; i < WorkerState::kMostLogs; ++i) write(state_->log_path(make_uuid(), 1), 1);
  start();
  EXPECT_FALSE(fs::exists(oldest));
  EXPECT_TRUE(fs::exists(second));
}

TEST_F(WorkerStateTest, LogOfAJobThatIsNotOverStaysHoweverOldItIs) {
  const std::string old = state_->log_path(job_, 1);
  write(old, 9);
  for (std::size_t i = 0; i < WorkerState::kMostLogs; ++i) write(state_->log_path(make_uuid(), 1), 1);
  ASSERT_TRUE(state_->remember_folder(job_, folder_ + "/.sisyphus-x"));
  for (int i = 0; i < 100; ++i) state_->log_path(make_uuid(), 1);
  EXPECT_TRUE(fs::exists(old));
  ASSERT_TRUE(state_->done(job_, true));
  for (int i = 0; i < 100; ++i) state_->log_path(make_uuid(), 1);
  EXPECT_FALSE(fs::exists(old));
}

}  // namespace
}  // namespace sisyphus::actors
