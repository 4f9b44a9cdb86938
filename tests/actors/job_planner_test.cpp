#include "actors/job_planner.hpp"

#include "actors/child_process.hpp"
#include "tests/actors/loop_fixture.hpp"
#include "tests/actors/no_option_sets.hpp"
#include "tests/modules/support.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include <sys/stat.h>

namespace sisyphus::actors {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::write_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Tools of the test's own stand first on PATH.
class JobPlannerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* binary = std::getenv("SISYPHUS_BINARY");
    if (binary == nullptr) FAIL() << "SISYPHUS_BINARY is not set";
    set_guard_program(binary);
    install("ffmpeg", "exit 0");
    install("ffprobe", "echo '" + std::string(kFilm) + "'");
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~JobPlannerTest() override {
    ::setenv("PATH", path_.c_str(), 1);
    Started(loop_, joined()).get();
  }

  void install(const std::string& name, const std::string& script) const {
    write_text(folder_ / name, "#!/bin/sh\ncd '" + folder_.path().string() + "'\n" + script + "\n");
    ASSERT_EQ(::chmod((folder_ / name).c_str(), 0755), 0);
  }
  static std::string ffmpeg(const std::string& source, const std::string& output,
                            const std::string& more = R"("output_maps":[])") {
    return fmt::format(
        R"({{"module":"ffmpeg","data":{{"sources":["{}"],"source_maps":[{{"source":0,"specifier":"a"}}],
                       "output_file":"{}",{}}}}})",
        source, output, more);
  }
  JobPlan plan(const std::vector<std::string>& tasks) {
    const auto list = parsed(fmt::format("[{}]", fmt::join(tasks, ",")));
    JobPlanner::Context context{folder_.path(), ".sisyphus-job-1", {}, {}};
    return Started(loop_, planner_.plan(list.as_array(), std::move(context))).get().value();
  }
  std::vector<std::string> pointers(const JobPlan& plan) const {
    std::vector<std::string> all;
    for (const modules::Problem& problem : plan.problems()) all.push_back(problem.pointer);
    return all;
  }
  asio::awaitable<bool> joined() {
    co_await probes_.join();
    co_return true;
  }

  static constexpr const char* kFilm = R"({"streams":[{"codec_type":"audio","codec_name":"aac"}]})";
  const std::string path_ = std::getenv("PATH");
  const testing::TempFolder folder_;
  asio::io_context loop_{1};
  ProbeRunner probes_{loop_.get_executor()};
  NoOptionSets option_sets_;
  const modules::Registry registry_;
  JobPlanner planner_{registry_, probes_, option_sets_};
};

TEST_F(JobPlannerTest, TheProbesOfAllTasksRunSideBySide) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  // Each waits for the other's start: one after the other they would never end.
  install("ffprobe",
          "case \"$*\" in *a.mkv) cat pipe ;; *) echo '" + std::string(kFilm) + "' | tee pipe ;; esac");
  write_text(folder_ / "a.mkv", "x");
  write_text(folder_ / "b.mkv", "x");
  EXPECT_THAT(pointers(plan({ffmpeg("a.mkv", "1.mkv"), ffmpeg("b.mkv", "2.mkv")})), ElementsAre());
}

TEST_F(JobPlannerTest, AMissingOptionSetIsNotBlamedOnLaterTasks) {
  write_text(folder_ / "a.mkv", "x");
  const JobPlan job =
      plan({ffmpeg("a.mkv", "b.mkv", R"("output_maps":[{"stream":0,"option_set":"none"}])"),
            ffmpeg("b.mkv", "c.mkv"),
            R"({"module":"cleanup","data":{"move":[{"source":"c.mkv","destination":"d.mkv"}]}})"});
  EXPECT_THAT(pointers(job), ElementsAre("/tasks/0/data/output_maps/0/option_set"));
}

TEST_F(JobPlannerTest, NorIsATypo) {
  write_text(folder_ / "a.mkv", "x");
  const JobPlan job = plan({ffmpeg("a.mkv", "b.mkv", R"("output_mapps":[])"), ffmpeg("./b.mkv", "c.mkv")});
  for (const std::string& pointer : pointers(job)) EXPECT_THAT(pointer, HasSubstr("/tasks/0/data"));
  EXPECT_FALSE(job.problems().empty());
}

TEST_F(JobPlannerTest, AModuleThatIsNotThereIsNamed) {
  const JobPlan job =
      plan({R"({"module":"makemkv","data":{"output_file":"a.mkv"}})", ffmpeg("a.mkv", "b.mkv")});
  ASSERT_EQ(job.problems().size(), 1U);
  EXPECT_EQ(job.problems()[0].pointer, "/tasks/0/module");
}

TEST_F(JobPlannerTest, AStreamThatAnEarlierTaskWillNotWriteIsFoundBefore) {
  write_text(folder_ / "a.mkv", "x");
  const JobPlan job =
      plan({ffmpeg("a.mkv", "b.mkv"),
            R"({"module":"ffmpeg","data":{"sources":["b.mkv"],"output_maps":[],"output_file":"c.mkv",
              "source_maps":[{"source":0,"specifier":"a","stream":0},{"source":0,"specifier":"a","stream":1},
                             {"source":0,"specifier":"s","stream":0,"optional":true},
                             {"source":0,"specifier":"v","stream":0}]}})"});
  EXPECT_THAT(pointers(job), ElementsAre("/tasks/1/data/source_maps/1"));
  EXPECT_THAT(job.problems()[0].message, HasSubstr("has no audio stream 1, counted from 0; it has 1 audio"));
}

TEST_F(JobPlannerTest, AnOutputsFolderThatNoTaskMakesIsFoundBefore) {
  write_text(folder_ / "a.mkv", "x");
  const JobPlan job = plan({ffmpeg("a.mkv", "b.mkv"), ffmpeg("b.mkv", "no/c.mkv")});
  EXPECT_THAT(pointers(job), ElementsAre("/tasks/1/data/output_file"));
}

}  // namespace
}  // namespace sisyphus::actors
