#include "modules/paths.hpp"

#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace sisyphus::modules {
namespace {

TEST(AbsolutePath, IsMadeAsPythonsPathAbsoluteMakesIt) {
  struct Case {
    const char* path;
    const char* absolute;
  };
  constexpr Case kCases[] = {
      {"x", "/w/d/x"},       {"./out//deeper/./../x.mkv", "/w/d/out/deeper/../x.mkv"},
      {"../x", "/w/d/../x"}, {".", "/w/d"},
      {"x/", "/w/d/x"},      {"/", "/"},
      {"/./", "/"},          {"/a//b/./c/", "/a/b/c"},
      {"//a/b", "//a/b"},    {"///a/b", "/a/b"},
      {"/..", "/.."},        {" a", "/w/d/ a"},
      {"...", "/w/d/..."},   {"-x", "/w/d/-x"},
  };
  for (const auto& [path, absolute] : kCases) EXPECT_EQ(absolute_path(path, "/w/d"), absolute) << path;
}

TEST(NormalPath, TakesAwayWhatAbsolutePathLeaves) {
  EXPECT_EQ(normal_path("a/../b/", "/w"), "/w/b");
  EXPECT_EQ(normal_path("..", "/w"), "/");
  EXPECT_EQ(normal_path("//a", "/w"), "/a");
  EXPECT_EQ(normal_path("/../..", "/w"), "/");
}

TEST(Paths, PartsOfAPath) {
  EXPECT_EQ(parent_folder("/a/b"), "/a");
  EXPECT_EQ(parent_folder("/a"), "/");
  EXPECT_EQ(base_name("/a/b c"), "b c");
  EXPECT_EQ(join_path("/", "a"), "/a");
  EXPECT_EQ(join_path("/a", "b"), "/a/b");
}

TEST(Paths, KindsFollowLinks) {
  const testing::TempFolder folder;
  testing::write_text(folder / "file", "x");
  std::filesystem::create_symlink("file", folder / "link");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  EXPECT_EQ(path_kind(folder / "file"), PathKind::file);
  EXPECT_EQ(path_kind(folder / "link"), PathKind::file);
  EXPECT_EQ(path_kind(folder / "dangling"), PathKind::missing);
  EXPECT_EQ(path_kind(folder / "file/below"), PathKind::missing);
  EXPECT_EQ(path_kind(folder.path()), PathKind::folder);
  EXPECT_EQ(path_kind("/dev/null"), PathKind::other);
  EXPECT_EQ(real_path(folder / "link"), real_path(folder / "file"));
}

}  // namespace
}  // namespace sisyphus::modules
