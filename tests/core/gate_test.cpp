#include "core/gate.hpp"

#include <asio/io_context.hpp>
#include <gmock/gmock.h>

#include <optional>
#include <vector>

namespace sisyphus {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GateTest : public testing::Test {
 protected:
  void wait(Gate& gate, int number) {
    gate.wait([this, number] { through_.push_back(number); });
  }
  void settle() {
    loop_.restart();
    loop_.poll();
  }

  asio::io_context loop_;
  std::vector<int> through_;
};

TEST_F(GateTest, LetsAllThroughInOrderAndIsClosedAgain) {
  Gate gate(loop_.get_executor());
  for (const int number : {1, 2, 3}) wait(gate, number);
  EXPECT_EQ(gate.size(), 3U);
  settle();
  EXPECT_THAT(through_, IsEmpty());
  gate.open();
  EXPECT_THAT(through_, IsEmpty()) << "by a post, not at once";
  wait(gate, 4);
  EXPECT_EQ(gate.size(), 1U);
  settle();
  EXPECT_THAT(through_, ElementsAre(1, 2, 3));
  gate.open();
  settle();
  EXPECT_THAT(through_, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(gate.size(), 0U);
}

TEST_F(GateTest, WhoWaitsMovesToAnotherGate) {
  Gate from(loop_.get_executor());
  Gate to(loop_.get_executor());
  wait(from, 1);
  wait(from, 2);
  from.move_waiters_to(to);
  EXPECT_EQ(from.size(), 0U);
  wait(from, 3);
  wait(to, 4);
  to.open();
  settle();
  EXPECT_THAT(through_, ElementsAre(1, 2, 4));
  from.open();
  settle();
  EXPECT_THAT(through_, ElementsAre(1, 2, 4, 3));
}

TEST_F(GateTest, NobodyMovesFromAnEmptyGate) {
  Gate from(loop_.get_executor());
  Gate to(loop_.get_executor());
  from.move_waiters_to(to);
  wait(to, 1);
  wait(from, 2);
  to.open();
  from.open();
  settle();
  EXPECT_THAT(through_, ElementsAre(1, 2));
}

TEST_F(GateTest, OpenedNowItLetsThroughAtOnceThoseWhoWaitedBefore) {
  Gate gate(loop_.get_executor());
  wait(gate, 1);
  gate.wait([&] { wait(gate, 2); });
  wait(gate, 3);
  gate.open_now();
  EXPECT_THAT(through_, ElementsAre(1, 3));
  EXPECT_EQ(gate.size(), 1U);
  gate.open_now();
  EXPECT_THAT(through_, ElementsAre(1, 3, 2));
}

TEST_F(GateTest, WhoStillWaitsAtItsEndIsDropped) {
  const auto held = std::make_shared<int>(1);
  {
    Gate gate(loop_.get_executor());
    gate.wait([held] {});
    gate.wait([held] {});
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace sisyphus
