#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace sisyphus {

// Where coroutines of one loop wait for something to happen: all that wait are let through together, in order
// and by one post to that loop. Not cancellable and without a timeout; for things that certainly happen (a
// batch is on disk, a read ends). One thread, and the executor is the one that the waiters run on.
class Gate {
 public:
  explicit Gate(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  template <class CompletionToken>
  auto wait(CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void()>(Enqueue{this}, token);
  }

  void open() {
    if (waiters_.empty()) return;
    asio::post(executor_, [waiters = std::exchange(waiters_, {})]() mutable { let_through(waiters); });
  }

  // At once, on top of the caller, who has nothing more to do.
  void open_now() {
    auto waiters = std::exchange(waiters_, {});
    let_through(waiters);
  }

  // Moves everyone who waits here to the empty gate `other`.
  void move_waiters_to(Gate& other) { other.waiters_ = std::exchange(waiters_, {}); }
  std::size_t size() const { return waiters_.size(); }  // of those who wait

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void go(std::unique_ptr<Waiter> self) = 0;
  };
  template <class Handler>
  struct WaiterOf final : Waiter {
    explicit WaiterOf(Handler handler) : handler_(std::move(handler)) {}
    void go(std::unique_ptr<Waiter> self) override {
      Handler handler(std::move(handler_));
      self.reset();  // its memory is free for what the handler begins
      std::move(handler)();
    }
    Handler handler_;
  };
  using Waiters = std::vector<std::unique_ptr<Waiter>>;
  static void let_through(Waiters& waiters) {
    for (std::unique_ptr<Waiter>& waiter : waiters) waiter->go(std::move(waiter));
  }
  struct Enqueue {
    Gate* gate;
    template <class Handler>
    void operator()(Handler handler) const {
      gate->waiters_.push_back(std::make_unique<WaiterOf<Handler>>(std::move(handler)));
    }
  };

  asio::any_io_executor executor_;
  Waiters waiters_;
};

}  // namespace sisyphus
