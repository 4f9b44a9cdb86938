#pragma once

#include "net/server_url.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>

namespace sisyphus::net {

struct Transfer {
  std::error_code error;
  std::size_t bytes = 0;
};

// The bytes of one TCP connection to a server, under a deadline. Lives on one loop; one operation at a time;
// outlives its operations. Errors: asio::error::timed_out when the deadline passed (the connection is closed
// then), operation_aborted when the coroutine was cancelled, asio::error::eof, or what the system says.
class ClientConnection {
 public:
  ClientConnection(asio::any_io_executor executor, ServerUrl server);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  ~ClientConnection();

  // All operations until the next call must be done by then. A name that is being looked up can hold one up
  // for longer: getaddrinfo cannot be interrupted.
  void expire_at(std::chrono::steady_clock::time_point deadline);
  void never_expire();
  void probe();  // once connected: the end of a server that says nothing any more is noticed all the same

  asio::awaitable<std::error_code> connect();
  asio::awaitable<Transfer> write(std::string_view bytes);  // all of them; `bytes` outlives the call
  asio::awaitable<Transfer> read(asio::mutable_buffer into);

  // Whether a request may be sent on it now: open, and the server has neither closed it nor said anything
  // unasked.
  bool quiet() const;

 private:
  struct State;
  std::error_code told(std::error_code error) const;
  std::shared_ptr<State> state_;
};

}  // namespace sisyphus::net
