#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include <functional>
#include <type_traits>
#include <utility>

namespace sisyphus::actors {

namespace detail {
template <class T>
asio::awaitable<T> call(std::function<T()> work) {
  co_return work();
}
}  // namespace detail

// Runs blocking work on another executor (a thread pool) and comes back with its result on the caller's.
// The work is not interrupted by a cancellation: it is waited for.
template <class T, class Executor>
asio::awaitable<T> run_on(Executor executor, std::function<T()> work) {
  T result = co_await asio::co_spawn(executor, detail::call<T>(std::move(work)), asio::use_awaitable);
  co_return result;
}

}  // namespace sisyphus::actors
