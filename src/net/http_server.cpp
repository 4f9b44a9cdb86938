#include "net/http_server.hpp"

#include "core/asio_tokens.hpp"
#include "net/http_connection.hpp"
#include "net/problem.hpp"

#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace sisyphus::net {

namespace {
constexpr std::chrono::milliseconds kDeadlineTick{500};
constexpr std::size_t kScratch = 64U << 10;  // bytes
}  // namespace

using asio::ip::tcp;

HttpServer::HttpServer(asio::any_io_executor executor, ServerSettings settings, const Router& router)
    : executor_(executor),
      settings_(std::move(settings)),
      router_(router),
      scratch_(kScratch),
      acceptor_(executor),
      watch_bell_(executor),
      group_(executor) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen() {
  const auto failed = [&](const std::error_code& code) {
    return Error{Errc::network,
                 fmt::format("cannot listen on {}:{}: {}", settings_.host, settings_.port, code.message()),
                 {}};
  };
  std::error_code code;
  tcp::resolver resolver(executor_);
  const auto found = resolver.resolve(settings_.host, std::to_string(settings_.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, code);
  if (code) return failed(code);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), code);
  if (code) return failed(code);
  acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
  if (code) return failed(code);
  acceptor_.bind(endpoint, code);
  if (code) return failed(code);
  acceptor_.listen(asio::socket_base::max_listen_connections, code);
  if (code) return failed(code);
  return {};
}

std::uint16_t HttpServer::port() const {
  std::error_code code;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(code);
  return code ? settings_.port : endpoint.port();
}

void HttpServer::start() {
  group_.spawn("http acceptor", accept());
  group_.spawn("http deadlines", watch_deadlines());
}

asio::awaitable<void> HttpServer::accept() {
  asio::steady_timer pause(executor_);
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(kTuple);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors, most likely: the connection waits in the backlog until some are closed.
      spdlog::warn("accept_failed error=\"{}\" connections={}", error.message(), connections_.size());
      pause.expires_after(std::chrono::milliseconds(100));
      auto [timer_error] = co_await pause.async_wait(kTuple);
      if (timer_error) co_return;
      continue;
    }
    std::error_code ignored;  // only costs latency where it is refused
    socket.set_option(tcp::no_delay(true), ignored);
    group_.spawn("http connection", serve(std::move(socket)));
  }
}

asio::awaitable<void> HttpServer::serve(tcp::socket socket) {
  if (connections_.size() >= settings_.max_connections) {
    const HttpResponse busy =
        problem(503, fmt::format("all {} connections are taken", settings_.max_connections));
    std::string text;
    append_head(busy, false, settings_.allow_origin, text);
    text += busy.body;
    auto [error, size] = co_await asio::async_write(socket, asio::buffer(text), kTuple);
    spdlog::warn("connection_refused limit={} error=\"{}\"", settings_.max_connections,
                 error ? error.message() : "");
    co_return;
  }
  const auto connection = std::make_shared<HttpConnection>(std::move(socket), settings_, router_, scratch_);
  const auto place = connections_.insert(connections_.end(), connection.get());
  if (connections_.size() == 1) watch_bell_.ring();
  std::exception_ptr failure;
  try {
    co_await connection->run();
  } catch (const std::exception&) {
    failure = std::current_exception();  // the group logs it; the other connections go on
    connection->close();
  }
  connections_.erase(place);
  if (failure) std::rethrow_exception(failure);
}

asio::awaitable<void> HttpServer::watch_deadlines() {
  while (!stopping_) {
    if (connections_.empty()) {
      co_await watch_bell_.wait();
      continue;
    }
    const SteadyTime next_look = std::chrono::steady_clock::now() + kDeadlineTick;
    const bool rang = co_await watch_bell_.wait_until(next_look);
    if (rang) continue;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (HttpConnection* const connection : connections_) connection->check_deadline(now);
  }
}

asio::awaitable<void> HttpServer::stop(Millis grace) {
  stopping_ = true;
  std::error_code ignored;  // closing what is closed
  acceptor_.close(ignored);
  watch_bell_.ring();
  for (HttpConnection* const connection : connections_) connection->refuse_more();
  const SteadyTime until = std::chrono::steady_clock::now() + grace;
  const bool done = co_await group_.join_until(until);
  if (done) co_return;
  spdlog::warn("connections_cut count={}", connections_.size());
  for (HttpConnection* const connection : connections_) connection->cut();
  group_.cancel();
  co_await group_.join();
}

}  // namespace sisyphus::net
