#include "actors/process_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

constexpr const char* kAfterTheName =
    " S 7 42 42 0 -1 4194304 104 0 0 0 5 6 0 0 20 0 1 0 103988 3133440 413 18446744073709551615\n";

TEST(ProcessTree, StatLineIsReadAfterTheLastParenthesis) {
  for (const auto* name : {"cat", "a b", "x) S 1 1 (y", "(", ")", "new\nline", ""}) {
    const auto stat = parse_process_stat("42 (" + std::string(name) + ")" + kAfterTheName);
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(*stat, (ProcessStat{42, 7, 42, 'S', 103988})) << name;
  }
}

TEST(ProcessTree, WhatIsNoStatLineIsRefused) {
  for (const auto* text : {"", "42", "42 (cat", "42 (cat)", "42 (cat) S 7", "x (cat) S 7 42 42 0 -1 0"}) {
    EXPECT_FALSE(parse_process_stat(text)) << text;
  }
}

TEST(ProcessTree, ReadsItself) {
  const auto stat = read_process_stat(::getpid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, ::getpid());
  EXPECT_EQ(stat->parent, ::getppid());
  EXPECT_EQ(stat->group, ::getpgrp());
}

// A child that sleeps until it is killed.
pid_t sleeping_child() {
  const auto pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return pid;
}

void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST(ProcessTree, FindsChildrenAndNoStrangers) {
  const auto child = sleeping_child();
  const auto found = descendants_of(::getpid());
  const auto is = [&](pid_t pid) {
    return std::any_of(found.begin(), found.end(), [&](const ProcessStat& stat) { return stat.pid == pid; });
  };
  EXPECT_TRUE(is(child));
  EXPECT_FALSE(is(::getpid()));
  EXPECT_FALSE(is(::getppid()));
  kill_and_reap(child);
}

TEST(ProcessTree, SignalReachesTheProcessThatWasSeen) {
  const auto child = sleeping_child();
  const auto stat = read_process_stat(child);
  ASSERT_TRUE(stat);
  EXPECT_TRUE(signal_descendant(*stat, ::getpid(), SIGKILL));
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(ProcessTree, AnotherProcessWithTheSameNumberIsLeftAlone) {
  const auto child = sleeping_child();
  auto earlier = *read_process_stat(child);
  --earlier.started;  // as if the number had been given away again
  EXPECT_FALSE(signal_descendant(earlier, ::getpid(), SIGKILL));
  auto strangers = *read_process_stat(child);
  strangers.parent = 1;
  EXPECT_FALSE(signal_descendant(strangers, 1, SIGKILL));
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0);
  kill_and_reap(child);
}

}  // namespace
}  // namespace sisyphus::actors
