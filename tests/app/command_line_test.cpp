#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace sisyphus::app {
namespace {

using testing::HasSubstr;

std::string where_to;  // what the command below was told

RunCommand add_go(CLI::App& app) {
  app.add_option("--where", where_to, "Where to")->envname("SISYPHUS_TEST_WHERE");
  return [] { return where_to == "nowhere" ? throw std::runtime_error("lost") : 42; };
}

constexpr Command kCommands[] = {{"go", "Go", add_go}};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    where_to = "default";
    ::unsetenv("SISYPHUS_TEST_WHERE");
    ::unsetenv("SISYPHUS_CONFIG");
  }
  ~CommandLineTest() override {
    ::unsetenv("SISYPHUS_TEST_WHERE");
    ::unsetenv("SISYPHUS_CONFIG");
    std::remove(config_.c_str());
  }

  int run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "sisyphus");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = run_command_line(kCommands, static_cast<int>(arguments.size()), arguments.data());
    output_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }

  const char* write_config(const std::string& text) {
    std::ofstream(config_) << text;
    return config_.c_str();
  }

  std::string config_ = fmt::format("{}command_line_test-{}.toml", testing::TempDir(), ::getpid());
  std::string output_;
  std::string errors_;
};

TEST_F(CommandLineTest, ExitCodeIsTheCommands) {
  EXPECT_EQ(run({"go"}), 42);
  EXPECT_EQ(where_to, "default");
}

TEST_F(CommandLineTest, FlagComesBeforeEnvironmentBeforeFile) {
  const char* config = write_config("[go]\nwhere = \"file\"\n");
  EXPECT_EQ(run({"go", "--config", config}), 42);
  EXPECT_EQ(where_to, "file");
  ::setenv("SISYPHUS_TEST_WHERE", "environment", 1);
  EXPECT_EQ(run({"--config", config, "go"}), 42);
  EXPECT_EQ(where_to, "environment");
  EXPECT_EQ(run({"go", "--where", "flag", "--config", config}), 42);
  EXPECT_EQ(where_to, "flag");
}

TEST_F(CommandLineTest, FileMayBeNamedInTheEnvironment) {
  ::setenv("SISYPHUS_CONFIG", write_config("[go]\nwhere = \"file\"\n"), 1);
  EXPECT_EQ(run({"go"}), 42);
  EXPECT_EQ(where_to, "file");
  ::setenv("SISYPHUS_CONFIG", "/nonexistent/sisyphus.toml", 1);
  EXPECT_EQ(run({"go"}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("/nonexistent/sisyphus.toml"));
}

TEST_F(CommandLineTest, UnknownKeyIsAnErrorThatNamesIt) {
  EXPECT_EQ(run({"go", "--config", write_config("[go]\nwhether = 1\n")}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("unknown key go.whether"));
  EXPECT_EQ(run({"go", "--config", write_config("[stay]\nwhere = 1\n")}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("unknown section [stay]"));
  EXPECT_EQ(run({"go", "--config", write_config("where = 1\n")}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("unknown key where"));
}

TEST_F(CommandLineTest, WrongUsageIsExitCodeTwo) {
  EXPECT_EQ(run({}), kExitUsage);
  EXPECT_EQ(run({"stop"}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("there is no command \"stop\""));
  EXPECT_EQ(run({"go", "--how"}), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("--how"));
  EXPECT_THAT(errors_, HasSubstr("sisyphus go --help"));
}

TEST_F(CommandLineTest, HelpAndVersionAreSuccess) {
  EXPECT_EQ(run({"go", "--help"}), kExitDone);
  EXPECT_THAT(output_, HasSubstr("SISYPHUS_TEST_WHERE"));
  EXPECT_EQ(run({"--version"}), kExitDone);
  EXPECT_EQ(output_, "sisyphus " SISYPHUS_VERSION "\n");
}

TEST_F(CommandLineTest, WhatIsThrownIsToldAndNotLost) {
  EXPECT_EQ(run({"go", "--where", "nowhere"}), kExitInternal);
  EXPECT_EQ(errors_, "sisyphus: lost\n");
}

}  // namespace
}  // namespace sisyphus::app
