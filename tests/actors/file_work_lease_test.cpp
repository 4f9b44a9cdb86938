#include "actors/file_work.hpp"

#include "tests/actors/loop_fixture.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;
using sisyphus::testing::read_text;
using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;
using Kind = modules::FileOperation::Kind;

class FileWorkLease : public ::testing::Test {
 protected:
  FileWorkLease() {
    write_text(source_, "film");
    write_text(target_, "old");
  }

  asio::awaitable<bool> answer() {
    if (asked_ == first_no_) at_no_();
    co_return asked_++ < first_no_;
  }

  Result<FileOutcome> change(Kind kind) {
    FileWork work({loop_.get_executor(), pool_, "/tmp", {}, [this] { return answer(); }},
                  {{kind, source_, target_, there_ / "copy"}}, [](const Progress&) {});
    return Started(loop_, work.run(0)).get();
  }

  TempFolder here_{fs::current_path()};
  TempFolder there_{"/dev/shm"};  // another file system: a move must copy
  std::string source_ = here_ / "film.mkv";
  std::string target_ = there_ / "film.mkv";
  asio::io_context loop_{1};
  asio::thread_pool pool_{1};
  int asked_ = 0;
  int first_no_ = 100;
  std::function<void()> at_no_ = [] {};
};

TEST_F(FileWorkLease, MoveIsAskedForBeforeTheCopyAndBeforeItIsPublished) {
  EXPECT_EQ(change(Kind::move).value(), FileOutcome::done);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(read_text(target_), "film");
  EXPECT_FALSE(fs::exists(source_));
}

TEST_F(FileWorkLease, NothingIsReplacedOrDeletedWhenTheLeaseIsLostWhileItIsCopied) {
  first_no_ = 1;
  at_no_ = [&] { EXPECT_EQ(read_text(there_ / "copy"), "film"); };
  EXPECT_EQ(change(Kind::move).value(), FileOutcome::cancelled);
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(read_text(source_), "film");
  EXPECT_EQ(read_text(target_), "old");
}

TEST_F(FileWorkLease, NothingIsBegunOrDeletedWithoutALease) {
  first_no_ = 0;
  for (const Kind kind : {Kind::remove, Kind::copy, Kind::move}) {
    EXPECT_EQ(change(kind).value(), FileOutcome::cancelled);
  }
  EXPECT_EQ(read_text(source_), "film");
  EXPECT_FALSE(fs::exists(there_ / "copy"));
}

}  // namespace
}  // namespace sisyphus::actors
