#pragma once

#include "core/gate.hpp"
#include "net/http_server.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

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
  using State = RequestParser::State;
  bool begin_request();  // false: there is to be no other
  State parse();         // what has come; when it is complete it is request_
  asio::awaitable<void> send_continue();
  asio::awaitable<void> refuse(State state);
  asio::awaitable<void> answer_failure(int status, std::string_view reason);
  asio::awaitable<bool> fill();  // more bytes; false: there will be none
  void read_done(std::error_code error, std::size_t size);
  bool with_body() const { return request_.method != "HEAD"; }
  bool prepare_reply(const HttpResponse& response);
  // The texts outlive the calls.
  asio::awaitable<bool> write_text(std::string_view text);
  std::optional<bool> write_now(std::string_view& text);  // empty: some is left in `text`
  asio::awaitable<bool> write_rest(std::string_view text);
  asio::awaitable<void> write_stream(EventStream& stream, bool comments);

  // While a handler waits or a stream is written a read stays pending, so that a client that goes is noticed.
  std::stop_token watch_client();  // a fresh token, raised when the client goes or the server stops
  void keep_reading();
  bool has_gone();
  void on_read(std::error_code error, std::size_t size);
  char* room();

  asio::ip::tcp::socket socket_;
  const ServerSettings& settings_;
  const Router& router_;
  RequestParser parser_;
  HttpRequest& request_;  // that is being answered: the parser's
  std::string reply_;    // to it, head and body
  std::string buffer_;   // what has come and is not parsed is [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool read_pending_ = false;
  bool end_of_input_ = false;
  bool continued_ = false;  // the client was told to go on with its body
  bool watching_ = false;  // a handler or a stream is at work: when a read is done, begin the next
  Gate read_gate_;
  std::stop_source hangup_{std::nostopstate};
  bool stopping_ = false;
  bool idle_ = false;  // waiting for the first byte of a request
  SteadyTime deadline_ = SteadyTime::max();
  bool timed_out_ = false;
};

}  // namespace sisyphus::net
