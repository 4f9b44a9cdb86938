#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// The global operator new and delete of the program (C++20, [replacement.functions]): a freed block is kept,
// in its thread's list for blocks of its size, for the next that asks. glibc does so for seven blocks of a
// size; the journal lets hundreds of requests go at once, each with its coroutine frames, and those went
// through all of malloc(3): a seventh of the server's time (docs/performance.md).
namespace {

// The sizes that glibc gives out are 24, 40, 56, … bytes (malloc_usable_size(3)): no other allocator wastes
// more than a step.
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
struct List {
  Block* first = nullptr;
  std::size_t count = 0;
};

// Of one thread. They go by no destructor: what the thread's other objects free at its end comes here, too.
enum class State { untouched, open, closed };
constinit thread_local State state = State::untouched;
constinit thread_local std::array<List, kLists> lists{};

void* take(List& list) {
  Block* const block = list.first;
  if (block == nullptr) return nullptr;
  list.first = block->next;
  --list.count;
  return block;
}

struct AtThreadEnd {
  ~AtThreadEnd() {
    state = State::closed;
    for (List& list : lists) {
      while (void* const block = take(list)) std::free(block);
    }
  }
  void arm() { state = State::open; }
};
thread_local AtThreadEnd at_thread_end;

bool keep(void* memory, std::size_t number) {
  if (number >= kLists) return false;
  if (state != State::open) {
    if (state == State::closed) return false;
    at_thread_end.arm();
  }
  List& list = lists[number];
  if (list.count * block_size(number) >= kKept) return false;
  list.first = new (memory) Block{list.first};
  ++list.count;
  return true;
}

}  // namespace

void* operator new(std::size_t size) {
  const std::size_t list = list_of(size);
  if (list < kLists) {
    if (void* const block = take(lists[list])) return block;
    size = block_size(list);
  }
  for (;;) {
    if (void* const block = std::malloc(size)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* memory, std::size_t size) noexcept {
  if (memory != nullptr && !keep(memory, list_of(size))) std::free(memory);
}

// Some come from asio, which does not say how large they were.
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  const std::size_t size = ::malloc_usable_size(memory);
  const bool fits = size >= kLeast && (size - kLeast) % kStep == 0;
  if (!fits || !keep(memory, list_of(size))) std::free(memory);
}
