#include "actors/probe_runner.hpp"

#include "tests/actors/loop_fixture.hpp"
#include "tests/actors/subprocess_fixture.hpp"
#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>

namespace sisyphus::actors {
namespace {

using modules::Probe;
using sisyphus::testing::read_text;
using sisyphus::testing::write_text;

class ProbeRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* binary = std::getenv("SISYPHUS_BINARY");
    if (binary == nullptr) FAIL() << "SISYPHUS_BINARY is not set";
    set_guard_program(binary);
  }
  ~ProbeRunnerTest() override { Started(loop_, joined()).get(); }

  Probe shell(const std::string& key, const std::string& script, const std::string& path = "") const {
    return {key, {"sh", "-c", "cd '" + folder_.path().string() + "'; " + script}, path};
  }
  ProbeRunner::Answers run(std::vector<Probe> probes) {
    return Started(loop_, runner_.run(std::move(probes))).get();
  }
  std::string out(const Probe& probe) { return run({probe}).at(probe.key).out; }
  // A pipe with a name, held open so that nobody waits for the other end.
  UniqueFd pipe(const std::string& name) const {
    if (::mkfifo((folder_ / name).c_str(), 0600) != 0) throw std::runtime_error("no pipe " + name);
    return UniqueFd(::open((folder_ / name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }
  bool there(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

  asio::awaitable<bool> joined() {
    co_await runner_.join();
    co_return true;
  }

  const testing::TempFolder folder_;
  asio::io_context loop_{1};
  ProbeRunner runner_{loop_.get_executor()};
};

TEST_F(ProbeRunnerTest, ProbesRunSideBySide) {
  // Each waits for the other's start: one after the other they would never end.
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const auto answers = run({shell("reads", "cat pipe"), shell("writes", "echo met > pipe; echo done")});
  EXPECT_EQ(answers.at("reads").out, "met\n");
  EXPECT_EQ(answers.at("writes").out, "done\n");
}

TEST_F(ProbeRunnerTest, OnlyAFewRunAtOnce) {
  const UniqueFd ready = pipe("ready");
  const UniqueFd go = pipe("go");
  std::vector<Probe> probes;
  for (std::size_t i = 0; i < ProbeRunner::kAtOnce; ++i) {
    probes.push_back(shell(std::to_string(i), "echo > ready; read line < go; echo " + std::to_string(i)));
  }
  probes.push_back(shell("last", "touch last_ran"));
  Started all(loop_, runner_.run(probes));
  std::size_t count = 0;
  wait_until([&] {
    settle(loop_);
    char byte = 0;
    while (::read(ready.get(), &byte, 1) == 1) ++count;
    return count == ProbeRunner::kAtOnce;
  });
  EXPECT_FALSE(there("last_ran"));
  const std::string lines(ProbeRunner::kAtOnce, '\n');
  ASSERT_EQ(::write(go.get(), lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  EXPECT_EQ(all.get().size(), probes.size());
  EXPECT_TRUE(there("last_ran"));
}

TEST_F(ProbeRunnerTest, EqualProbesAtOnceShareOneRun) {
  const UniqueFd go = pipe("go");
  const std::string script = "echo run >> log; read line < go; cat log";
  Started first(loop_, runner_.run({shell("a", script)}));
  Started second(loop_, runner_.run({shell("b", script)}));
  ASSERT_EQ(::write(go.get(), "\n\n", 2), 2);
  EXPECT_EQ(first.get().at("a").out, "run\n");
  EXPECT_EQ(second.get().at("b").out, "run\n");
  EXPECT_EQ(read_text(folder_ / "log"), "run\n");
}

TEST_F(ProbeRunnerTest, AnAnswerIsRememberedUntilTheFileChanges) {
  write_text(folder_ / "film", "one");
  const Probe probe = shell("p", "echo run >> log; cat film", folder_ / "film");
  EXPECT_EQ(out(probe), "one\n");
  EXPECT_EQ(out(probe), "one\n");
  EXPECT_EQ(read_text(folder_ / "log"), "run\n");
  write_text(folder_ / "film", "another");
  EXPECT_EQ(out(probe), "another\n");
  EXPECT_EQ(read_text(folder_ / "log"), "run\nrun\n");
}

TEST_F(ProbeRunnerTest, AFactAboutTheToolIsRememberedUntilTheToolChanges) {
  const std::string tool = folder_ / "tool";
  const auto install = [&](const std::string& text) {
    write_text(tool, "#!/bin/sh\necho run >> '" + folder_ / "log" + "'\necho " + text + "\n");
    ASSERT_EQ(::chmod(tool.c_str(), 0755), 0);
  };
  const Probe probe{"version", {tool}, ""};
  install("old");
  EXPECT_EQ(out(probe), "old\n");
  EXPECT_EQ(out(probe), "old\n");
  EXPECT_EQ(read_text(folder_ / "log"), "run\n");
  install("newer");
  EXPECT_EQ(out(probe), "newer\n");
}

TEST_F(ProbeRunnerTest, WhatCouldNotBeAskedIsAskedAgain) {
  const Probe absent{"p", {folder_ / "tool"}, ""};
  EXPECT_EQ(run({absent}).at("p").exit_code, 127);
  write_text(folder_ / "tool", "#!/bin/sh\necho there\n");
  ASSERT_EQ(::chmod((folder_ / "tool").c_str(), 0755), 0);
  EXPECT_EQ(out(absent), "there\n");
  const Probe killed = shell("k", "echo run >> log; kill -9 $$");
  EXPECT_EQ(run({killed}).at("k").exit_code, 128 + 9);
  EXPECT_EQ(run({killed}).at("k").exit_code, 128 + 9);
  EXPECT_EQ(read_text(folder_ / "log"), "run\nrun\n");
}

TEST_F(ProbeRunnerTest, WhatNobodyWaitsForAnyMoreIsEnded) {
  const UniqueFd ready = pipe("ready");
  const UniqueFd go = pipe("go");
  const Probe alone = shell("alone", "echo > ready; read line < never");
  const Probe shared = shell("shared", "echo > ready; read line < go; echo done");
  ASSERT_EQ(::mkfifo((folder_ / "never").c_str(), 0600), 0);
  std::stop_source stop;
  Started impatient(loop_, runner_.run({alone, shared}, stop.get_token()));
  Started patient(loop_, runner_.run({shared}));
  std::size_t count = 0;
  wait_until([&] {
    settle(loop_);
    char byte = 0;
    while (::read(ready.get(), &byte, 1) == 1) ++count;
    return count == 2;
  });
  stop.request_stop();
  ASSERT_EQ(::write(go.get(), "\n", 1), 1);
  EXPECT_EQ(patient.get().at("shared").out, "done\n");
  EXPECT_NE(impatient.get().at("alone").exit_code, 0);
}

TEST_F(ProbeRunnerTest, WhatWasStoppedBeforeItBeganIsNotRun) {
  std::stop_source stop;
  stop.request_stop();
  const auto answers = Started(loop_, runner_.run({shell("p", "touch ran")}, stop.get_token())).get();
  EXPECT_EQ(answers.at("p").exit_code, 124);
  EXPECT_FALSE(there("ran"));
  EXPECT_EQ(out(shell("p", "touch ran; echo now")), "now\n");
}

TEST_F(ProbeRunnerTest, StoppedItAnswersEveryCaller) {
  const UniqueFd ready = pipe("ready");
  std::vector<Probe> probes;
  for (std::size_t i = 0; i <= ProbeRunner::kAtOnce; ++i) {  // the last one waits for its turn
    probes.push_back(shell(std::to_string(i), "echo > ready; exec sleep 1000; echo " + std::to_string(i)));
  }
  Started all(loop_, runner_.run(probes));
  wait_until([&] {
    settle(loop_);
    char byte = 0;
    return ::read(ready.get(), &byte, 1) == 1;
  });
  runner_.stop();
  const auto answers = all.get();
  ASSERT_EQ(answers.size(), probes.size());
  for (const auto& [key, answer] : answers) EXPECT_EQ(answer.exit_code, 124) << key;
}

}  // namespace
}  // namespace sisyphus::actors
