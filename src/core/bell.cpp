#include "core/bell.hpp"

#include "core/asio_tokens.hpp"

#include <asio/this_coro.hpp>

#include <system_error>

namespace sisyphus {

void Bell::ring() {
  rung_ = true;
  timer_.cancel();
}

asio::awaitable<bool> Bell::wait_until(SteadyTime deadline) {
  if (!rung_) {
    timer_.expires_at(deadline);
    auto [error] = co_await timer_.async_wait(kTuple);
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (error && cancelled != asio::cancellation_type::none) {
      throw std::system_error(asio::error::operation_aborted);
    }
  }
  co_return std::exchange(rung_, false);
}

asio::awaitable<void> Bell::wait() {
  co_await wait_until(SteadyTime::max());
}

}  // namespace sisyphus
