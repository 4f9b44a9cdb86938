#include "core/file_transfer.hpp"

#include "core/file_content.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace sisyphus {
namespace {

namespace fs = std::filesystem;
using sisyphus::testing::read_text;
using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kLarge = 40 << 20;  // several pieces of a copy

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

std::vector<std::string> names_in(const TempFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void make_large(const std::string& path) {
  write_text(path, "begin");
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(kLarge)), 0);
}

std::string staged_beside(const std::string& target) {
  return target + ".staged";
}

// Both steps, and what the owner of the copy's folder does at the end.
Result<FileOutcome> transfer(FileTransfer::Kind kind, const std::string& source, const std::string& target,
                             const TransferProgress& progress, const std::stop_token& stop) {
  FileTransfer transfer(kind, source, target, staged_beside(target));
  auto outcome = transfer.begin(progress, stop);
  if (outcome && *outcome == FileOutcome::copied) outcome = transfer.publish();
  ::unlink(staged_beside(target).c_str());
  return outcome;
}

Result<FileOutcome> copy_file(const std::string& source, const std::string& target,
                              const TransferProgress& progress = nullptr, const std::stop_token& stop = {}) {
  return transfer(FileTransfer::Kind::copy, source, target, progress, stop);
}

Result<FileOutcome> move_file(const std::string& source, const std::string& target,
                              const TransferProgress& progress = nullptr, const std::stop_token& stop = {}) {
  return transfer(FileTransfer::Kind::move, source, target, progress, stop);
}

// Files on two file systems: /dev/shm is always memory.
class TwoFileSystems : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(status_of(here_.path()).st_dev, status_of(there_.path()).st_dev)
        << "/dev/shm and " << fs::current_path() << " are one file system here: build somewhere else";
  }

  TempFolder here_{fs::current_path()};
  TempFolder there_{"/dev/shm"};
};

TEST(RemovePath, DeletesFilesAndEmptyFoldersAndSkipsWhatIsMissing) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  fs::create_directory(folder / "empty");
  EXPECT_EQ(remove_path(folder / "file", "/tmp").value(), FileOutcome::done);
  EXPECT_EQ(remove_path(folder / "empty", "/tmp").value(), FileOutcome::done);
  EXPECT_EQ(remove_path(folder / "file", "/tmp").value(), FileOutcome::skipped);
  EXPECT_TRUE(names_in(folder).empty());
}

TEST(RemovePath, BelowAFileIsMissing) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  EXPECT_EQ(remove_path(folder / "file/below", "/tmp").value(), FileOutcome::skipped);
}

TEST(RemovePath, DeletesALinkAndNotWhatItPointsTo) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  fs::create_directory(folder / "full");
  write_text(folder / "full/inside", "x");
  fs::create_symlink("file", folder / "link");
  fs::create_symlink("full", folder / "folder link");
  fs::create_symlink("nowhere", folder / "dangling");
  for (const char* name : {"link", "folder link", "dangling"}) {
    EXPECT_EQ(remove_path(folder / name, "/tmp").value(), FileOutcome::done) << name;
  }
  EXPECT_THAT(names_in(folder), ElementsAre("file", "full"));
}

TEST(RemovePath, RefusesFullFoldersTheRootAndTheWorkingFolder) {
  const TempFolder folder;
  fs::create_directory(folder / "full");
  write_text(folder / "full/inside", "x");
  fs::create_directory(folder / "work");
  const auto full = remove_path(folder / "full", "/tmp");
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().detail, HasSubstr("not empty"));
  const auto root = remove_path("/", "/tmp");
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().detail, HasSubstr("root folder"));
  const auto work = remove_path(folder / "work/.", folder / "work");
  ASSERT_FALSE(work);
  EXPECT_THAT(work.error().detail, HasSubstr("working folder"));
  EXPECT_THAT(names_in(folder), ElementsAre("full", "work"));
}

TEST(RemovePath, RefusesWhatIsNeitherFileNorFolder) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(remove_path(folder / "pipe", "/tmp"));
  EXPECT_THAT(names_in(folder), ElementsAre("pipe"));
}

TEST(CopyFile, KeepsContentModeTimesAndAttributes) {
  const TempFolder folder(fs::current_path());
  write_text(folder / "from", "the content");
  ASSERT_EQ(::chmod((folder / "from").c_str(), 0640), 0);
  const struct timespec times[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "from").c_str(), times, 0), 0);
  const bool has_attributes = ::setxattr((folder / "from").c_str(), "user.note", "kept", 4, 0) == 0;

  EXPECT_EQ(copy_file(folder / "from", folder / "to").value(), FileOutcome::done);
  EXPECT_EQ(read_text(folder / "to"), "the content");
  const struct stat status = status_of(folder / "to");
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(status.st_mtim.tv_sec, 1100000000);
  EXPECT_EQ(status.st_mtim.tv_nsec, 987654321);
  if (has_attributes) {
    char value[8] = {};
    ASSERT_EQ(::getxattr((folder / "to").c_str(), "user.note", value, sizeof value), 4);
    EXPECT_EQ(std::string(value), "kept");
  }
  EXPECT_THAT(names_in(folder), ElementsAre("from", "to"));
}

TEST(CopyFile, FollowsALinkAndReplacesAnExistingFile) {
  const TempFolder folder;
  write_text(folder / "file", "new");
  fs::create_symlink("file", folder / "link");
  write_text(folder / "to", "old and longer");
  EXPECT_EQ(copy_file(folder / "link", folder / "to").value(), FileOutcome::done);
  EXPECT_FALSE(fs::is_symlink(folder / "to"));
  EXPECT_EQ(read_text(folder / "to"), "new");
}

TEST(CopyFile, OntoItselfIsNothingToDo) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  fs::create_symlink("file", folder / "link");
  EXPECT_EQ(copy_file(folder / "file", folder / "file").value(), FileOutcome::skipped);
  EXPECT_EQ(copy_file(folder / "file", folder / "link").value(), FileOutcome::skipped);
  EXPECT_EQ(read_text(folder / "file"), "x");
}

TEST(CopyFile, ErrorsNameBothPaths) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  const auto missing = copy_file(folder / "none", folder / "to");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::io);
  EXPECT_THAT(missing.error().detail, HasSubstr(folder / "none"));
  EXPECT_THAT(missing.error().detail, HasSubstr(folder / "to"));
  const auto nowhere = copy_file(folder / "file", folder / "no/where");
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().detail, HasSubstr(folder / "file"));
  EXPECT_THAT(nowhere.error().detail, HasSubstr(folder / "no/where"));
}

TEST(CopyFile, RefusesWhatIsNoRegularFile) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  write_text(folder / "file", "x");
  EXPECT_FALSE(copy_file(folder / "pipe", folder / "to"));
  EXPECT_FALSE(copy_file(folder.path().string(), folder / "to"));
  EXPECT_FALSE(copy_file(folder / "file", folder / "pipe"));
  EXPECT_THAT(names_in(folder), ElementsAre("file", "pipe"));
}

TEST(CopyFile, TellsHowFarItIsAndEndsAtTheWhole) {
  const TempFolder folder(fs::current_path());
  make_large(folder / "from");
  std::vector<std::uint64_t> steps;
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_EQ(total, kLarge);
    steps.push_back(done);
  };
  EXPECT_EQ(copy_file(folder / "from", folder / "to", progress, {}).value(), FileOutcome::done);
  EXPECT_GT(steps.size(), 2U);
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end()));
  EXPECT_EQ(steps.back(), kLarge);
  EXPECT_EQ(read_text(folder / "from"), read_text(folder / "to"));
}

TEST(CopyFile, CancelledInTheMiddleLeavesNothingBehindAndTheOldFileInPlace) {
  const TempFolder folder(fs::current_path());
  make_large(folder / "from");
  write_text(folder / "to", "old");
  std::stop_source stop;
  const auto progress = [&](std::uint64_t, std::uint64_t) { stop.request_stop(); };
  EXPECT_EQ(copy_file(folder / "from", folder / "to", progress, stop.get_token()).value(),
            FileOutcome::cancelled);
  EXPECT_EQ(read_text(folder / "to"), "old");
  EXPECT_THAT(names_in(folder), ElementsAre("from", "to"));
}

// A limit on the size of files stands in for a disk that is full: the write fails in the middle.
class SmallFiles {
 public:
  SmallFiles() : old_action_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const struct rlimit small { 4 << 20, old_.rlim_max };
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_action_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  void (*old_action_)(int);
  struct rlimit old_ {};
};

TEST_F(TwoFileSystems, AMoveThatCannotBeWrittenKeepsSourceAndOldDestination) {
  make_large(here_ / "from");
  write_text(there_ / "to", "old");
  Result<FileOutcome> moved = FileOutcome::done;
  {
    const SmallFiles limit;
    moved = move_file(here_ / "from", there_ / "to");
  }
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().detail, HasSubstr("File too large"));
  EXPECT_EQ(status_of(here_ / "from").st_size, static_cast<off_t>(kLarge));
  EXPECT_EQ(read_text(there_ / "to"), "old");
  EXPECT_THAT(names_in(there_), ElementsAre("to"));
}

TEST_F(TwoFileSystems, AMoveBetweenThemKeepsContentModeAndTimes) {
  write_text(here_ / "from", "the content");
  ASSERT_EQ(::chmod((here_ / "from").c_str(), 0604), 0);
  const struct timespec times[2] = {{1000000000, 0}, {1100000000, 5000000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (here_ / "from").c_str(), times, 0), 0);
  write_text(there_ / "to", "old");
  EXPECT_EQ(move_file(here_ / "from", there_ / "to").value(), FileOutcome::done);
  EXPECT_EQ(read_text(there_ / "to"), "the content");
  const struct stat status = status_of(there_ / "to");
  EXPECT_EQ(status.st_mode & 07777U, 0604U);
  EXPECT_EQ(status.st_mtim.tv_sec, 1100000000);
  EXPECT_EQ(status.st_mtim.tv_nsec, 5000000);
  EXPECT_TRUE(names_in(here_).empty());
  EXPECT_THAT(names_in(there_), ElementsAre("to"));
}

TEST_F(TwoFileSystems, ACancelledMoveKeepsTheSource) {
  make_large(here_ / "from");
  std::stop_source stop;
  const auto progress = [&](std::uint64_t, std::uint64_t) { stop.request_stop(); };
  EXPECT_EQ(move_file(here_ / "from", there_ / "to", progress, stop.get_token()).value(),
            FileOutcome::cancelled);
  EXPECT_THAT(names_in(here_), ElementsAre("from"));
  EXPECT_TRUE(names_in(there_).empty());
}

TEST_F(TwoFileSystems, AMoveOntoALinkToItselfKeepsTheOnlyCopy) {
  write_text(here_ / "file", "only");
  fs::create_symlink(here_ / "file", there_ / "link");
  EXPECT_EQ(move_file(here_ / "file", there_ / "link").value(), FileOutcome::skipped);
  EXPECT_EQ(read_text(here_ / "file"), "only");
}

TEST_F(TwoFileSystems, ASourceThatChangesMeanwhileIsKept) {
  make_large(here_ / "from");
  bool changed = false;
  const auto progress = [&](std::uint64_t, std::uint64_t) {
    if (!changed) std::ofstream(here_ / "from", std::ios::app) << "more";
    changed = true;
  };
  const auto moved = move_file(here_ / "from", there_ / "to", progress, {});
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().detail, HasSubstr("changed"));
  EXPECT_THAT(names_in(here_), ElementsAre("from"));
  EXPECT_TRUE(names_in(there_).empty());
}

TEST_F(TwoFileSystems, NothingIsInPlaceBeforeItIsPublished) {
  write_text(here_ / "from", "new");
  write_text(there_ / "to", "old");
  FileTransfer move(FileTransfer::Kind::move, here_ / "from", there_ / "to", there_ / "copy");
  EXPECT_EQ(move.begin(nullptr, {}).value(), FileOutcome::copied);
  EXPECT_EQ(read_text(there_ / "to"), "old");
  EXPECT_EQ(read_text(there_ / "copy"), "new");
  EXPECT_EQ(read_text(here_ / "from"), "new");
  EXPECT_EQ(move.publish().value(), FileOutcome::done);
  EXPECT_EQ(read_text(there_ / "to"), "new");
  EXPECT_THAT(names_in(there_), ElementsAre("to"));
  EXPECT_TRUE(names_in(here_).empty());
}

TEST_F(TwoFileSystems, ASourceThatChangesBeforeTheCopyIsPublishedIsKept) {
  write_text(here_ / "from", "new");
  write_text(there_ / "to", "old");
  FileTransfer move(FileTransfer::Kind::move, here_ / "from", there_ / "to", there_ / "copy");
  ASSERT_EQ(move.begin(nullptr, {}).value(), FileOutcome::copied);
  write_text(here_ / "from", "newer");
  const auto moved = move.publish();
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().detail, HasSubstr("changed after it was copied"));
  EXPECT_EQ(read_text(here_ / "from"), "newer");
  EXPECT_EQ(read_text(there_ / "to"), "old");
}

TEST_F(TwoFileSystems, AnotherFileUnderTheSourcesNameIsNotDeleted) {
  write_text(here_ / "from", "film");
  FileTransfer move(FileTransfer::Kind::move, here_ / "from", there_ / "to", there_ / "copy");
  ASSERT_EQ(move.begin(nullptr, {}).value(), FileOutcome::copied);
  write_text(here_ / "other", "another film");
  fs::rename(here_ / "other", here_ / "from");
  const auto moved = move.publish();
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().detail, HasSubstr("both are kept"));
  EXPECT_EQ(read_text(here_ / "from"), "another film");
  EXPECT_EQ(read_text(there_ / "to"), "film");
}

TEST(CompareContent, FindsAByteThatDiffersAndACopyThatIsTooShort) {
  const TempFolder folder;
  std::string content(3 << 20, 'x');
  write_text(folder / "one", content);
  write_text(folder / "same", content);
  write_text(folder / "short", content.substr(1));
  content[2 << 20] = 'y';
  write_text(folder / "other", content);
  const UniqueFd one(::open((folder / "one").c_str(), O_RDONLY));
  const auto compared = [&](const char* name) {
    const UniqueFd copy(::open((folder / name).c_str(), O_RDONLY));
    return compare_content(one.get(), copy.get(), 3 << 20, "cannot copy", [](std::uint64_t) { return true; });
  };
  EXPECT_EQ(compared("same").value(), FileOutcome::done);
  EXPECT_EQ(compared("other").error().detail,
            "cannot copy: the copy differs within 1048576 bytes from 2097152");
  EXPECT_EQ(compared("short").error().detail, "cannot copy: the copy has 3145727 bytes, the source 3145728");
}

TEST(SyncFile, TakesAFileAndAMissingOneAndNamesWhatItCannotSync) {
  const TempFolder folder;
  write_text(folder / "file", "x");
  EXPECT_TRUE(sync_file(folder / "file"));
  EXPECT_TRUE(sync_file(folder / "missing"));
  EXPECT_TRUE(sync_file(folder / "file/below"));
  fs::create_symlink("loop", folder / "loop");
  EXPECT_THAT(sync_file(folder / "loop").error().detail, HasSubstr(folder / "loop"));
}

TEST(MoveFile, WithinAFileSystemItIsARename) {
  const TempFolder folder;
  write_text(folder / "from", "x");
  write_text(folder / "to", "old");
  const ino_t inode = status_of(folder / "from").st_ino;
  EXPECT_EQ(move_file(folder / "from", folder / "to").value(), FileOutcome::done);
  EXPECT_EQ(status_of(folder / "to").st_ino, inode);
  EXPECT_THAT(names_in(folder), ElementsAre("to"));
}

TEST(MoveFile, OfALinkMovesTheContentAndTakesTheLinkAway) {
  const TempFolder folder;
  fs::create_directory(folder / "a");
  fs::create_directory(folder / "b");
  write_text(folder / "a/file", "x");
  fs::create_symlink("file", folder / "a/link");
  EXPECT_EQ(move_file(folder / "a/link", folder / "b/link").value(), FileOutcome::done);
  EXPECT_FALSE(fs::is_symlink(folder / "b/link"));
  EXPECT_EQ(read_text(folder / "b/link"), "x");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder / "a/link")));
  EXPECT_EQ(read_text(folder / "a/file"), "x");
}

TEST(MoveFile, OntoAnotherNameOfTheSameFileIsNothingToDo) {
  const TempFolder folder;
  write_text(folder / "one", "x");
  fs::create_hard_link(folder / "one", folder / "two");
  EXPECT_EQ(move_file(folder / "one", folder / "two").value(), FileOutcome::skipped);
  EXPECT_THAT(names_in(folder), ElementsAre("one", "two"));
}

TEST(MoveFile, StopsBeforeItBeginsWhenAskedTo) {
  const TempFolder folder;
  write_text(folder / "from", "x");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(move_file(folder / "from", folder / "to", nullptr, stop.get_token()).value(),
            FileOutcome::cancelled);
  EXPECT_THAT(names_in(folder), ElementsAre("from"));
}

TEST(MoveFile, RefusesAFolder) {
  const TempFolder folder;
  fs::create_directory(folder / "from");
  EXPECT_FALSE(move_file(folder / "from", folder / "to"));
  EXPECT_THAT(names_in(folder), ElementsAre("from"));
}

}  // namespace
}  // namespace sisyphus
