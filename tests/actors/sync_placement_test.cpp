#include "actors/sync_placement.hpp"

#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart(1000s);

void measure(SyncPlacement& placement, std::size_t count, std::chrono::microseconds each,
             SteadyTime now = kStart) {
  for (std::size_t i = 0; i < count; ++i) placement.measured(each, now);
}

SyncPlacement after(std::size_t count, std::chrono::microseconds each) {
  SyncPlacement placement;
  measure(placement, count, each);
  return placement;
}

TEST(SyncPlacement, UnknownDiskIsLeftToTheThread) {
  EXPECT_FALSE(SyncPlacement().on_loop(kStart));
}

TEST(SyncPlacement, ShortSyncsRunOnTheLoop) {
  EXPECT_TRUE(after(16, 499us).on_loop(kStart));
  EXPECT_FALSE(after(16, 500us).on_loop(kStart));
}

TEST(SyncPlacement, OneInTenMayBeMiddling) {
  SyncPlacement placement = after(90, 100us);
  measure(placement, 10, 1ms);
  EXPECT_TRUE(placement.on_loop(kStart));
  placement.measured(1ms, kStart);
  EXPECT_FALSE(placement.on_loop(kStart));
}

TEST(SyncPlacement, LongSyncNowAndThenStaysOnTheLoop) {
  SyncPlacement placement = after(64, 100us);
  measure(placement, SyncPlacement::kLongAllowed, 9ms);
  EXPECT_TRUE(placement.on_loop(kStart));
  measure(placement, SyncPlacement::kWindow, 100us);
  measure(placement, SyncPlacement::kLongAllowed, 9ms);
  EXPECT_TRUE(placement.on_loop(kStart));
}

TEST(SyncPlacement, LongSyncsInOneWindowMoveItToTheThreadUntilTheyHaveLeftIt) {
  SyncPlacement placement = after(64, 100us);
  measure(placement, SyncPlacement::kLongAllowed + 1, 2001us);
  EXPECT_FALSE(placement.on_loop(kStart + 1h));
  measure(placement, SyncPlacement::kWindow, 100us);
  EXPECT_FALSE(placement.on_loop(kStart + SyncPlacement::kPenalty - 1ns));
  EXPECT_TRUE(placement.on_loop(kStart + SyncPlacement::kPenalty));
}

TEST(SyncPlacement, SlowDiskThatGoesOnBeginsTheTimeAnew) {
  SyncPlacement placement = after(64, 3ms);
  placement.measured(3ms, kStart + 9s);
  measure(placement, SyncPlacement::kWindow, 100us, kStart + 9s);
  EXPECT_FALSE(placement.on_loop(kStart + 9s));
  EXPECT_TRUE(placement.on_loop(kStart + 9s + SyncPlacement::kPenalty));
}

}  // namespace
}  // namespace sisyphus::actors
