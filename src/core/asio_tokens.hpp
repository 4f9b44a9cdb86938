#pragma once

#include <asio/use_awaitable.hpp>

#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

namespace sisyphus {

#if __has_include(<asio/as_tuple.hpp>)
// `auto [error, n] = co_await socket.async_read_some(buffer, kTuple);`: errors as values, not exceptions.
inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
#else
inline constexpr auto kTuple = asio::experimental::as_tuple(asio::use_awaitable);
#endif

}  // namespace sisyphus
