#include "core/shared_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sisyphus {
namespace {

TEST(SharedText, HoldsACopy) {
  std::string text(1000, 'x');
  const SharedText shared(text);
  text.assign(1000, 'y');
  EXPECT_EQ(shared.view(), std::string(1000, 'x'));
  EXPECT_EQ(shared.size(), 1000U);
  EXPECT_FALSE(shared.empty());
}

TEST(SharedText, CopiesAreOfOneTextThatStaysForTheLast) {
  SharedText last;
  {
    const SharedText first("text");
    const SharedText second = first;
    last = second;
    EXPECT_EQ(last.view().data(), first.view().data());
  }
  EXPECT_EQ(last.view(), "text");
}

TEST(SharedText, WhatIsMovedFromIsEmpty) {
  SharedText from("text");
  const SharedText to = std::move(from);
  EXPECT_EQ(to.view(), "text");
  EXPECT_TRUE(from.empty());  // NOLINT: that is the point
  EXPECT_EQ(from.view(), "");
}

TEST(SharedText, MayBeAssignedToItself) {
  SharedText text("text");
  const SharedText& same = text;
  text = same;
  EXPECT_EQ(text.view(), "text");
}

}  // namespace
}  // namespace sisyphus
