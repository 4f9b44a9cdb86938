#include "actors/pausable_timer.hpp"

#include "tests/actors/loop_fixture.hpp"

namespace sisyphus::actors {
namespace {

using namespace std::chrono_literals;

struct PausableTimerTest : testing::Test {
  // Turns the loop for at least `span`, without anything to do at times.
  void pass(Millis span) {
    asio::steady_timer timer(loop, span);
    bool over = false;
    timer.async_wait([&over](std::error_code) { over = true; });
    while (!over) loop.run_one();
    loop.restart();  // it may have run dry
  }

  asio::io_context loop{1};
  PausableTimer timer{loop.get_executor()};
  int calls = 0;
  std::function<void()> call = [this] { ++calls; };
};

TEST_F(PausableTimerTest, CallsBackOnce) {
  timer.start(1ms, call);
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PausableTimerTest, CallsNobodyAfterCancelEvenWhenItsTimeIsOver) {
  const auto begin = std::chrono::steady_clock::now();
  timer.start(0ms, call);
  while (std::chrono::steady_clock::now() < begin + 1ms) {  // over, but not seen by the loop
  }
  timer.cancel();
  loop.run();
  EXPECT_EQ(calls, 0);
}

TEST_F(PausableTimerTest, StandsStillInAPause) {
  timer.start(20ms, call);
  timer.pause();
  timer.pause();
  pass(40ms);
  EXPECT_EQ(calls, 0);
  timer.resume();
  timer.resume();
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PausableTimerTest, StartedInAPauseItWaitsForTheEndOfThat) {
  timer.pause();
  timer.start(1ms, call);
  pass(20ms);
  EXPECT_EQ(calls, 0);
  timer.resume();
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PausableTimerTest, TimeBeforeAPauseCounts) {
  timer.start(100ms, call);
  while (calls == 0) {  // would never end if it began anew after each pause
    pass(2ms);
    timer.pause();
    timer.resume();
  }
  EXPECT_EQ(calls, 1);
}

TEST_F(PausableTimerTest, StartReplacesWhatWasStartedBefore) {
  timer.start(0ms, [this] { calls += 10; });
  timer.start(1ms, call);
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PausableTimerTest, ResumeWithoutStartDoesNothing) {
  timer.pause();
  timer.resume();
  loop.run();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace sisyphus::actors
