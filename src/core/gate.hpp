#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace sisyphus {

// Where coroutines of one loop wait for something to happen: all that wait are let through together, by posts
// to the loop. Not cancellable and without a timeout; for things that certainly happen (a batch is on disk, a
// read ends). One thread.
class Gate {
 public:
  explicit Gate(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  template <class CompletionToken>
  auto wait(CompletionToken&& token) {
    return asio::async_initiate<CompletionToken, void()>(Enqueue{this}, token);
  }

  void open() {
    auto waiters = std::exchange(waiters_, {});
    for (auto& waiter : waiters) waiter->go();
  }

  // Moves everyone who waits here to the empty gate `other`.
  void move_waiters_to(Gate& other) { other.waiters_ = std::exchange(waiters_, {}); }
  std::size_t size() const { return waiters_.size(); }  // of those who wait

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void go() = 0;
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
      gate->waiters_.push_back(
          std::make_unique<WaiterOf<std::decay_t<Handler>>>(std::forward<Handler>(handler), gate->executor_));
    }
  };

  asio::any_io_executor executor_;
  std::vector<std::unique_ptr<Waiter>> waiters_;
};

}  // namespace sisyphus
