#pragma once

#include "core/clock.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

namespace sisyphus {

// Wakes the one coroutine that waits for it. A ring that comes while nobody waits is kept, so none is lost
// between a look and a wait; several count as one. One thread, one waiter at a time.
class Bell {
 public:
  explicit Bell(const asio::any_io_executor& executor) : timer_(executor) {}

  void ring();
  // True when it rang, false when `deadline` came first. Ends early with asio::error::operation_aborted
  // thrown when the coroutine is cancelled.
  asio::awaitable<bool> wait_until(SteadyTime deadline);
  asio::awaitable<void> wait();

 private:
  asio::steady_timer timer_;
  bool rung_ = false;
};

}  // namespace sisyphus
