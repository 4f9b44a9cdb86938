#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// The global operator new and delete of the program (C++20, [replacement.functions]): a freed block is kept,
// in its thread's list for blocks of its size, for the next that asks. glibc does so for seven blocks of a size;
// the journal lets hundreds of requests go at once, each with its coroutine frames, and those went through all
// of malloc(3): a seventh of the server's time (docs/performance.md).
namespace {

// The sizes that glibc gives out are 24, 40, 56, … bytes (malloc_usable_size(3)): no other allocator wastes more
// than a step.
constexpr std::size_t kStep = 16;
constexpr std::size_t kLeast = 24;
constexpr std::size_t kLists = 128;      // up to 2056 bytes
constexpr std::size_t kKept = 1U << 18;  // bytes kept in one list at most

// The list of the blocks that a request of `size` bytes gets; kLists or more: none.
constexpr std::size_t list_of(std::size_t size) {
  return size <= kLeast ? 0 : (size - kLeast + kStep - 1) / kStep;
}

constexpr std::size_t block_size(std::size_t list) {
  return kLeast + list * kStep;
}

struct Block {
  Block* next;
};

class FreeLists {
 public:
  constexpr FreeLists() = default;
  FreeLists(const FreeLists&) = delete;
  FreeLists& operator=(const FreeLists&) = delete;
  ~FreeLists() {
    open_ = false;  // what is freed later on in the thread's end goes by
    for (List& list : lists_) {
      while (void* const block = pop(list)) std::free(block);
    }
  }

  void* take(std::size_t list) { return list < kLists ? pop(lists_[list]) : nullptr; }

  bool keep(void* memory, std::size_t number) {
    if (number >= kLists || !open_) return false;
    List& list = lists_[number];
    if (list.count * block_size(number) >= kKept) return false;
    list.first = new (memory) Block{list.first};
    ++list.count;
    return true;
  }

 private:
  struct List {
    Block* first = nullptr;
    std::size_t count = 0;
  };

  static void* pop(List& list) {
    Block* const block = list.first;
    if (block == nullptr) return nullptr;
    list.first = block->next;
    --list.count;
    return block;
  }

  std::array<List, kLists> lists_{};
  bool open_ = true;
};

constinit thread_local FreeLists free_lists;

}  // namespace

void* operator new(std::size_t size) {
  const std::size_t list = list_of(size);
  if (void* const block = free_lists.take(list)) return block;
  if (list < kLists) size = block_size(list);
  for (;;) {
    if (void* const block = std::malloc(size)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory, std::size_t size) noexcept {
  if (memory != nullptr && !free_lists.keep(memory, list_of(size))) std::free(memory);
}

// Some come from asio, which does not say how large they were.
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  const std::size_t size = ::malloc_usable_size(memory);
  const bool fits = size >= kLeast && (size - kLeast) % kStep == 0;
  if (!fits || !free_lists.keep(memory, list_of(size))) std::free(memory);
}
