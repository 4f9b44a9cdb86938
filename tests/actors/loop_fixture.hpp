#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace sisyphus::actors {

// A coroutine that was started and whose end is waited for by turning the loop.
template <class T>
class Started {
 public:
  Started(asio::io_context& loop, asio::awaitable<T> work) : loop_(loop) {
    asio::co_spawn(loop, std::move(work), [state = state_](std::exception_ptr failure, T value) {
      state->failure = failure;
      state->value = std::move(value);
    });
  }
  bool done() const { return state_->value.has_value(); }
  // Turns the loop until it is done; with nothing left to turn it never will be.
  T get() {
    while (!done()) {
      if (loop_.stopped()) loop_.restart();
      if (loop_.run_one() == 0) throw std::logic_error("the loop has run dry before the coroutine was done");
    }
    if (state_->failure) std::rethrow_exception(state_->failure);
    return std::move(*state_->value);
  }

 private:
  struct State {
    std::optional<T> value;
    std::exception_ptr failure;
  };
  asio::io_context& loop_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Does all that can be done without waiting.
inline void settle(asio::io_context& loop) {
  if (loop.stopped()) loop.restart();
  while (loop.poll() != 0) {
    if (loop.stopped()) loop.restart();
  }
}

}  // namespace sisyphus::actors
