#pragma once

#include "core/gate.hpp"
#include "net/http_server.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

#include <array>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace sisyphus::net {

// One client's connection: reads requests in order, answers them in order. The server owns the coroutine and
// keeps the deadlines; the connection says until when it is willing to wait.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(asio::ip::tcp::socket socket, const ServerSettings& settings, const Router& router);

  asio::awaitable<void> run();
  void refuse_more();  // server is stopping: answer what is there, then close
  void check_deadline(SteadyTime now);
  void cut() { socket_.cancel(); }

 private:
  enum class Next { request, closed };
  asio::awaitable<Next> read_request(HttpRequest& request);
  asio::awaitable<bool> fill();  // more bytes; false: there will be none
  asio::awaitable<bool> answer(HttpRequest& request);
  bool read_done(std::error_code error, std::size_t size);
  using Buffers = std::array<asio::const_buffer, 2>;
  std::optional<bool> write_now(Buffers& rest);
  asio::awaitable<bool> write_rest(Buffers rest);  // what they point to outlives the call
  asio::awaitable<bool> write_text(std::string_view text);
  // `comments`: where the stream is quiet, so that a client that is gone without a word is noticed.
  asio::awaitable<bool> write_stream(EventStream& stream, bool comments, std::stop_token hangup);
  asio::awaitable<bool> answer_failure(int status, std::string_view reason);

  // While a handler is at work a read stays pending, so that a client that goes is noticed.
  void watch_for_hangup();
  void on_read(std::error_code error, std::size_t size);
  std::stop_token fresh_hangup();  // of a new source, raised when the client goes or the server stops
  char* room();

  asio::ip::tcp::socket socket_;
  const ServerSettings& settings_;
  const Router& router_;
  RequestParser parser_;
  std::string buffer_;  // what has come and is not parsed is [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool read_pending_ = false;
  bool end_of_input_ = false;
  bool watching_ = false;  // a handler or a stream is at work: when a read is done, begin the next
  Gate read_gate_;
  std::stop_source hangup_{std::nostopstate};
  bool stopping_ = false;
  bool idle_ = false;  // waiting for the first byte of a request
  SteadyTime deadline_ = SteadyTime::max();
  bool timed_out_ = false;
};

}  // namespace sisyphus::net
