#pragma once

#include <asio/use_awaitable.hpp>
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

namespace sisyphus {

// `auto [error, n] = co_await socket.async_read_some(buffer, kTuple);`: errors as values, since most of them are
// expected. as_tuple left asio's experimental part after 1.22.
#if __has_include(<asio/as_tuple.hpp>)
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<>> kTuple{};
#else
inline constexpr asio::experimental::as_tuple_t<asio::use_awaitable_t<>> kTuple{};
#endif

}  // namespace sisyphus
