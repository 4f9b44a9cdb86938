#include "actors/sync_placement.hpp"

#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart(1000s);

SyncPlacement after(int count, std::chrono::microseconds each) {
  SyncPlacement placement;
  for (int i = 0; i < count; ++i) placement.measured(each, kStart);
  return placement;
}

TEST(SyncPlacement, UnknownDiskIsLeftToTheThread) {
  EXPECT_FALSE(SyncPlacement().on_loop(kStart));
}

TEST(SyncPlacement, ShortSyncsRunOnTheLoop) {
  EXPECT_TRUE(after(16, 499us).on_loop(kStart));
  EXPECT_FALSE(after(16, 500us).on_loop(kStart));
}

TEST(SyncPlacement, OneLongSyncMovesItToTheThreadForTenSeconds) {
  SyncPlacement placement = after(64, 100us);
  placement.measured(2001us, kStart);
  for (int i = 0; i < 64; ++i) placement.measured(100us, kStart);
  EXPECT_EQ(placement.p99(), 100us);
  EXPECT_FALSE(placement.on_loop(kStart));
  EXPECT_FALSE(placement.on_loop(kStart + 10s - 1ns));
  EXPECT_TRUE(placement.on_loop(kStart + 10s));
}

TEST(SyncPlacement, LaterLongSyncBeginsTheTimeAnew) {
  SyncPlacement placement;
  placement.measured(3ms, kStart);
  placement.measured(3ms, kStart + 9s);
  for (int i = 0; i < 64; ++i) placement.measured(100us, kStart + 9s);
  EXPECT_FALSE(placement.on_loop(kStart + 18s));
  EXPECT_TRUE(placement.on_loop(kStart + 19s));
}

TEST(SyncPlacement, MiddlingSyncKeepsItOffTheLoopUntilSixtyFourOthersCame) {
  SyncPlacement placement = after(64, 100us);
  placement.measured(1ms, kStart);
  EXPECT_FALSE(placement.on_loop(kStart));
  for (int i = 0; i < 63; ++i) placement.measured(100us, kStart);
  EXPECT_FALSE(placement.on_loop(kStart));
  placement.measured(100us, kStart);
  EXPECT_TRUE(placement.on_loop(kStart));
}

}  // namespace
}  // namespace sisyphus::actors
