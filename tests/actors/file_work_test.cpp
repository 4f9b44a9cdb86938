#include "actors/file_work.hpp"

#include "tests/actors/loop_fixture.hpp"
#include "tests/modules/support.hpp"

#include <asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using Kind = modules::FileOperation::Kind;
using sisyphus::testing::read_text;
using sisyphus::testing::write_text;

class FileWorkTest : public ::testing::Test {
 protected:
  ~FileWorkTest() override { pool_.join(); }

  FileWork work(std::vector<modules::FileOperation> operations) {
    return FileWork(
        {loop_.get_executor(), pool_, folder_.path(), stop_.get_token(), [this] { return may_change(); }},
        std::move(operations), [this](Progress progress) { told_.push_back(progress); });
  }
  Result<FileOutcome> run(FileWork& work, std::size_t index) { return Started(loop_, work.run(index)).get(); }

  asio::awaitable<bool> may_change() { co_return !stop_.stop_requested(); }
  modules::FileOperation copy(const std::string& from, const std::string& to) const {
    return {Kind::copy, folder_ / from, folder_ / to, folder_ / (to + ".staged")};
  }

  const testing::TempFolder folder_;
  asio::io_context loop_;
  const asio::executor_work_guard<asio::io_context::executor_type> busy_{loop_.get_executor()};
  asio::thread_pool pool_{1};
  std::stop_source stop_;
  std::vector<Progress> told_;
};

TEST_F(FileWorkTest, WeighsOperationsByTheirBytes) {
  write_text(folder_ / "small", std::string(1U << 20, 's'));
  write_text(folder_ / "large", std::string(5U << 20, 'l'));
  FileWork files = work(
      {copy("small", "small.copy"), copy("large", "large.copy"), {Kind::remove, folder_ / "small", "", ""}});

  // Of 6 MiB, and one more for each operation.
  ASSERT_EQ(run(files, 0).value(), FileOutcome::done);
  EXPECT_NEAR(told_.back().percent.value(), 100.0 * 2 / 9, 1e-9);
  EXPECT_EQ(told_.back().size_bytes, 1 << 20);
  EXPECT_EQ(told_.back().total_bytes, 6 << 20);
  ASSERT_EQ(run(files, 1).value(), FileOutcome::done);
  EXPECT_NEAR(told_.back().percent.value(), 100.0 * 8 / 9, 1e-9);
  ASSERT_EQ(run(files, 2).value(), FileOutcome::done);
  EXPECT_DOUBLE_EQ(told_.back().percent.value(), 100);
  EXPECT_EQ(told_.back().size_bytes, 6 << 20);
  EXPECT_EQ(read_text(folder_ / "large.copy").size(), 5U << 20);
}

TEST_F(FileWorkTest, TellsThePiecesOfOneFileAndNeverGoesBack) {
  write_text(folder_ / "a", std::string(40U << 20, 'a'));
  FileWork files = work({copy("a", "b")});
  ASSERT_EQ(run(files, 0).value(), FileOutcome::done);
  ASSERT_GE(told_.size(), 2U);
  for (std::size_t i = 1; i < told_.size(); ++i) EXPECT_GE(told_[i].percent, told_[i - 1].percent);
}

TEST_F(FileWorkTest, CountsTheOperationsWhereThereAreNoBytes) {
  FileWork files =
      work({{Kind::remove, folder_ / "no", "", ""}, {Kind::remove, folder_ / "neither", "", ""}});
  ASSERT_EQ(run(files, 0).value(), FileOutcome::skipped);
  EXPECT_DOUBLE_EQ(told_.back().percent.value(), 50);
}

TEST_F(FileWorkTest, WhatWasStoppedTellsNothing) {
  write_text(folder_ / "a", "x");
  stop_.request_stop();
  FileWork files = work({copy("a", "b")});
  EXPECT_EQ(run(files, 0).value(), FileOutcome::cancelled);
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace sisyphus::actors
