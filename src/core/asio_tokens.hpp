#pragma once

#include <asio/use_awaitable.hpp>

// asio 1.30 has as_tuple in asio/, 1.22 in asio/experimental/.
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#endif

namespace sisyphus {

// Completion token: `auto [error, …] = co_await x.async_y(…, kTuple);` hands the error back instead of
// throwing it.
#if __has_include(<asio/as_tuple.hpp>)
inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
#else
inline constexpr auto kTuple = asio::experimental::as_tuple(asio::use_awaitable);
#endif

}  // namespace sisyphus
