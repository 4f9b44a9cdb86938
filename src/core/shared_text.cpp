#include "core/shared_text.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>

namespace sisyphus {

SharedText::SharedText(std::string_view text) {
  if (text.empty()) return;
  assert(text.size() <= std::numeric_limits<std::uint32_t>::max());
  void* const memory = ::operator new(sizeof(Head) + text.size());
  head_ = new (memory) Head{1, static_cast<std::uint32_t>(text.size())};
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(head_ + 1));
}

void SharedText::destroy(Head* head) noexcept {
  const std::size_t size = sizeof(Head) + head->size;
  head->~Head();
  ::operator delete(head, size);
}

}  // namespace sisyphus
