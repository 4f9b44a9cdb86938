#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>

#include <memory>
#include <utility>

namespace sisyphus {

// Where coroutines of one loop wait for something to happen: all that wait are let through together, by posts
// to the loop. Not cancellable and without a timeout; for things that certainly happen (a batch is on disk, a
// read ends). One thread.
class Gate {
 public:
  explicit Gate(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  ~Gate() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
  }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  template <class CompletionToken>
  auto wait(CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void()>(Enqueue{this}, token);
  }

  void open() {
    Waiter* waiter = std::exchange(first_, nullptr);
    last_ = &first_;
    count_ = 0;
    while (waiter != nullptr) {
      const std::unique_ptr<Waiter> one(std::exchange(waiter, waiter->next));
      one->go();
    }
  }

  // Moves everyone who waits here to the empty gate `other`.
  void move_waiters_to(Gate& other) {
    other.first_ = std::exchange(first_, nullptr);
    other.last_ = other.first_ == nullptr ? &other.first_ : last_;
    other.count_ = std::exchange(count_, 0);
    last_ = &first_;
  }
  std::size_t size() const { return count_; }  // of those who wait

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void go() = 0;
    Waiter* next = nullptr;
  };
  template <class Handler>
  struct WaiterOf final : Waiter {
    WaiterOf(Handler handler, asio::any_io_executor fallback)
        : handler_(std::move(handler)), fallback_(std::move(fallback)) {}
    void go() override {
      auto executor = asio::get_associated_executor(handler_, fallback_);
      asio::post(executor, std::move(handler_));
    }
    Handler handler_;
    asio::any_io_executor fallback_;
  };
  struct Enqueue {
    Gate* gate;
    template <class Handler>
    void operator()(Handler&& handler) const {
      auto waiter =
          std::make_unique<WaiterOf<std::decay_t<Handler>>>(std::forward<Handler>(handler), gate->executor_);
      gate->add(waiter.release());
    }
  };

  void add(Waiter* waiter) {
    *last_ = waiter;
    last_ = &waiter->next;
    ++count_;
  }

  asio::any_io_executor executor_;
  Waiter* first_ = nullptr;  // owned, as are those behind it
  Waiter** last_ = &first_;  // where the next one is hung
  std::size_t count_ = 0;
};

}  // namespace sisyphus
