#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <set>
#include <thread>

namespace {

constexpr std::size_t kSizes = 3000;  // bytes: past the largest that is kept

TEST(OperatorNew, FreedBlockIsTheNextOfItsSize) {
  void* const first = ::operator new(700);
  ::operator delete(first, 700);
  void* const second = ::operator new(700);
  EXPECT_EQ(second, first);
  ::operator delete(second);  // by what the allocator says of its size: the same list
  void* const third = ::operator new(700);
  EXPECT_EQ(third, first);
  ::operator delete(third, 700);
}

TEST(OperatorNew, BlocksAreAlignedAndLargeEnoughWhereverTheyHaveBeen) {
  for (int round = 0; round < 3; ++round) {
    std::set<char*> blocks;
    for (std::size_t size = 0; size < kSizes; ++size) {
      char* const block = static_cast<char*>(::operator new(size));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U) << size;
      const auto next = blocks.lower_bound(block);
      EXPECT_TRUE(next == blocks.end() || *next >= block + size) << size << ": reaches into another";
      EXPECT_TRUE(blocks.insert(block).second) << size << ": given twice";
      std::memset(block, 0xA5, size);
    }
    for (char* const block : blocks) ::operator delete(block);
  }
}

TEST(OperatorNew, BlockMayBeFreedByAnotherThreadThatEnds) {
  void* const block = ::operator new(1000);
  std::thread other([block] {
    ::operator delete(block, 1000);
    void* const again = ::operator new(1000);
    EXPECT_EQ(again, block);
    ::operator delete(again, 1000);
  });
  other.join();
  void* const here = ::operator new(1000);
  std::memset(here, 0, 1000);
  ::operator delete(here, 1000);
}

}  // namespace
