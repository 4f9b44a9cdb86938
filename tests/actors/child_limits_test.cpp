#include "actors/child_limits.hpp"

#include "tests/actors/subprocess_fixture.hpp"

#include <gmock/gmock.h>

#include <array>
#include <fstream>
#include <sstream>

#include <sys/resource.h>
#include <sys/wait.h>

namespace sisyphus::actors {
namespace {

using testing::HasSubstr;

TEST(ChildLimits, IoPrioritiesHaveTheNamesOfIonice) {
  EXPECT_EQ(parse_io_priority("idle").value(), 3 << 13);
  EXPECT_EQ(parse_io_priority("best-effort").value(), (2 << 13) | 4);
  EXPECT_EQ(parse_io_priority("best-effort:0").value(), 2 << 13);
  EXPECT_EQ(parse_io_priority("best-effort:7").value(), (2 << 13) | 7);
  for (const char* const bad :
       {"", "realtime", "best-effort:", "best-effort:8", "best-effort:77", "Idle", "idle:1"}) {
    const auto refused = parse_io_priority(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Errc::invalid);
    EXPECT_THAT(refused.error().detail, HasSubstr(std::string("found \"") + bad + "\""));
  }
}

TEST(ChildLimits, AmountsOfMemoryAreBytesOrHaveAUnit) {
  EXPECT_EQ(parse_memory("8G").value(), 8ULL << 30);
  EXPECT_EQ(parse_memory("1.5G").value(), 1536ULL << 20);
  EXPECT_EQ(parse_memory("2048K").value(), 2ULL << 20);
  EXPECT_EQ(parse_memory("1T").value(), 1ULL << 40);
  EXPECT_EQ(parse_memory("1048576").value(), 1ULL << 20);
  for (const char* const bad :
       {"", "8", "0", "-8G", "8GB", "8g", "G", "8 G", "1e9G", "nan", "inf", "99999999999T"}) {
    const auto refused = parse_memory(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Errc::invalid);
  }
}

TEST(ChildLimits, AmountsAreToldAsTheyWereGiven) {
  for (const char* const text : {"8G", "1.5G", "512M", "1T"})
    EXPECT_EQ(memory_in_words(parse_memory(text).value()), text);
  EXPECT_EQ(memory_in_words(1'048'577), "1048577 bytes");
}

TEST(ChildLimits, AGuardReadsWhatItsWorkerWrites) {
  const ChildLimits limits{19, 3 << 13, 8ULL << 30};
  EXPECT_EQ(parse_limits(to_argument(limits).c_str()), limits);
  EXPECT_EQ(parse_limits(to_argument({}).c_str()), ChildLimits{});
  for (const char* const bad : {"", "--", "nice=1", "nice=1,io=2,memory=3,", "nice=a,io=2,memory=3"}) {
    EXPECT_FALSE(parse_limits(bad)) << bad;
  }
}

class LimitedTool : public SubprocessTest {
 protected:
  static int nice_of(pid_t pid) { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)); }
  static int io_priority_of(pid_t pid) { return static_cast<int>(::syscall(SYS_ioprio_get, 1, pid)); }
  // The line of /proc/PID/limits: soft and hard.
  static std::string data_limit_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/limits");
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      std::string max, data, size, soft, hard;
      words >> max >> data >> size >> soft >> hard;
      if (data == "data") return soft + " " + hard;
    }
    return "none";
  }
  static std::string own_data_limit() { return data_limit_of(::getpid()); }
};

TEST_F(LimitedTool, HasThemFromItsStartAndItsChildrenToo) {
  options.limits = {7, 3 << 13, 3ULL << 30};
  when_ready = [this] {
    ASSERT_EQ(pids.size(), 2U);  // of the child, and of the tool
    for (const pid_t pid : pids) {
      EXPECT_EQ(nice_of(pid), nice_of(::getpid()) + 7);
      EXPECT_EQ(io_priority_of(pid), 3 << 13);
      EXPECT_EQ(data_limit_of(pid), "3221225472 3221225472");
    }
    const pid_t guard = read_process_stat(pids.back())->parent;
    EXPECT_EQ(nice_of(guard), nice_of(::getpid()));  // so that it kills in time
    EXPECT_EQ(data_limit_of(guard), own_data_limit());
    subprocess->kill();
  };
  const auto report = run({"grandchild-setsid"});
  ASSERT_TRUE(report) << report.error().detail;
}

TEST_F(LimitedTool, WithoutAnyIsAsItsWorker) {
  when_ready = [this] {
    EXPECT_EQ(nice_of(pids.back()), nice_of(::getpid()));
    EXPECT_EQ(io_priority_of(pids.back()), io_priority_of(::getpid()));
    EXPECT_EQ(data_limit_of(pids.back()), own_data_limit());
    subprocess->kill();
  };
  const auto report = run({"hang"});
  ASSERT_TRUE(report) << report.error().detail;
}

TEST_F(LimitedTool, IsNeverNicerThanTheNicest) {
  const auto child = ::fork();
  if (child == 0) {
    const bool done =
        ::setpriority(PRIO_PROCESS, 0, 10) == 0 && apply({19, 0, 0}) && nice_of(::getpid()) == 19;
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LimitedTool, KeepsALowerLimitOfTheWholeService) {
  const auto child = ::fork();
  if (child == 0) {
    const rlimit own{1ULL << 30, 1ULL << 30};
    const bool done = ::setrlimit(RLIMIT_DATA, &own) == 0 && apply({0, 0, 8ULL << 30}) &&
                      own_data_limit() == "1073741824 1073741824";
    ::_exit(done ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LimitedTool, GetsNoMoreMemoryThanItMayHave) {
  options.limits.memory = 256ULL << 20;
  const auto report = run({"eat-memory", "400"});
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->exit_code, 1);
  EXPECT_THAT(report->err_tail, HasSubstr("Cannot allocate memory"));
}

TEST_F(LimitedTool, GetsWhatItMayHave) {
  options.limits.memory = 600ULL << 20;
  const auto report = run({"eat-memory", "400"});
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->exit_code, 0);
}

}  // namespace
}  // namespace sisyphus::actors
