#include "net/client_connection.hpp"

#include "core/asio_tokens.hpp"
#include "net/keep_alive_probes.hpp"

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <cerrno>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace sisyphus::net {

using asio::ip::tcp;

// Shared with the timer's handler, which may be called after the connection is gone.
struct ClientConnection::State {
  State(const asio::any_io_executor& executor, ServerUrl url)
      : server(std::move(url)), socket(executor), resolver(executor), timer(executor) {}

  void expire() {
    expired = true;
    resolver.cancel();
    std::error_code ignored;  // closing a socket that is broken already: nothing is left to be done
    socket.close(ignored);
  }

  ServerUrl server;
  tcp::socket socket;
  tcp::resolver resolver;
  asio::steady_timer timer;
  unsigned armed = 0;  // counts expire_at and never_expire: a handler of an older deadline does nothing
  bool expired = false;
};

ClientConnection::ClientConnection(asio::any_io_executor executor, ServerUrl server)
    : state_(std::make_shared<State>(executor, std::move(server))) {}

ClientConnection::~ClientConnection() = default;

void ClientConnection::expire_at(std::chrono::steady_clock::time_point deadline) {
  state_->timer.expires_at(deadline);
  state_->timer.async_wait(
      [weak = std::weak_ptr<State>(state_), armed = ++state_->armed](std::error_code error) {
        const std::shared_ptr<State> state = weak.lock();
        if (!error && state && state->armed == armed) state->expire();
      });
}

void ClientConnection::never_expire() {
  ++state_->armed;
  state_->timer.cancel();
}

void ClientConnection::probe() {
  keep_alive_probes(state_->socket);
}

std::error_code ClientConnection::told(std::error_code error) const {
  return error && state_->expired ? asio::error::make_error_code(asio::error::timed_out) : error;
}

asio::awaitable<std::error_code> ClientConnection::connect() {
  const std::string& host = state_->server.host;
  std::error_code not_numeric;
  const asio::ip::address address = asio::ip::make_address(host, not_numeric);
  std::error_code error;
  if (!not_numeric) {
    std::tie(error) =
        co_await state_->socket.async_connect(tcp::endpoint(address, state_->server.port), kTuple);
  } else {
    auto [unknown, endpoints] =
        co_await state_->resolver.async_resolve(host, std::to_string(state_->server.port), kTuple);
    if (unknown) co_return told(unknown);
    if (state_->expired) co_return asio::error::make_error_code(asio::error::timed_out);
    tcp::endpoint connected;
    std::tie(error, connected) = co_await asio::async_connect(state_->socket, endpoints, kTuple);
  }
  if (!error) state_->socket.set_option(tcp::no_delay(true), error);
  co_return told(error);
}

asio::awaitable<Transfer> ClientConnection::write(std::string_view bytes) {
  auto [error, count] =
      co_await asio::async_write(state_->socket, asio::buffer(bytes.data(), bytes.size()), kTuple);
  co_return Transfer{told(error), count};
}

asio::awaitable<Transfer> ClientConnection::read(asio::mutable_buffer into) {
  auto [error, count] = co_await state_->socket.async_read_some(into, kTuple);
  co_return Transfer{told(error), count};
}

bool ClientConnection::quiet() const {
  if (!state_->socket.is_open()) return false;
  char byte = 0;
  const auto count = ::recv(state_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace sisyphus::net
