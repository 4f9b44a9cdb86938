#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sisyphus {

// A text that does not change and that several hold: a waiting job and the grants of it. One block of memory
// for count, size and bytes, and one pointer for each that holds it: a million jobs may wait. Any thread.
class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string_view text);  // a copy; of less than 4 GiB
  SharedText(const SharedText& other) noexcept : head_(other.head_) {
    if (head_ != nullptr) head_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  SharedText(SharedText&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(head_, other.head_);
    return *this;
  }
  ~SharedText() {
    if (head_ != nullptr && head_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(head_);
  }

  std::string_view view() const {
    return head_ == nullptr ? std::string_view()
                            : std::string_view(reinterpret_cast<const char*>(head_ + 1), head_->size);
  }
  std::size_t size() const { return head_ == nullptr ? 0 : head_->size; }
  bool empty() const { return size() == 0; }

 private:
  struct Head {  // the bytes follow
    std::atomic<std::uint32_t> holders;
    std::uint32_t size;
  };
  static void destroy(Head* head) noexcept;

  Head* head_ = nullptr;  // null: empty
};

}  // namespace sisyphus
