#pragma once

#include "core/gate.hpp"
#include "net/http_server.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace sisyphus::net {

// One client's connection: reads requests in order, answers them in order. The server owns the coroutine and
// keeps the deadlines; the connection says until when it is willing to wait.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  // `scratch`: where all the server's connections read to; nothing stays there.
  HttpConnection(asio::ip::tcp::socket socket, const ServerSettings& settings, const Router& router,
                 std::span<char> scratch);

  asio::awaitable<void> run();
  void refuse_more();  // server is stopping: answer what is there, then close
  void check_deadline(SteadyTime now);
  void cut();    // what it waits for ends
  void close();  // also when run() has thrown: a wait for input may be pending

 private:
  using State = RequestParser::State;
  enum class Use { parse, keep, discard };
  bool begin_request();  // false: there is to be no other
  void parse(std::string_view bytes);
  asio::awaitable<void> send_continue();
  asio::awaitable<void> refuse();
  asio::awaitable<void> answer_failure(int status, std::string_view reason);
  bool with_body() const { return request_.method != "HEAD"; }
  std::string render(const HttpResponse& response, bool keep_alive) const;
  // The texts outlive the calls.
  asio::awaitable<bool> write_text(std::string_view text);
  std::optional<bool> write_now(std::string_view& text);  // empty: some is left in `text`
  asio::awaitable<bool> write_rest(std::string_view text);
  asio::awaitable<void> write_stream(EventStream& stream, bool comments);

  void watch_input();
  void on_input(std::error_code error);
  void take(std::size_t size);
  std::stop_token watch_client();  // a fresh token, raised when the client goes or the server stops

  asio::ip::tcp::socket socket_;
  const ServerSettings& settings_;
  const Router& router_;
  std::span<char> scratch_;
  RequestParser parser_;
  State state_ = State::more;  // of the parser
  HttpRequest& request_;       // that is being answered: the parser's
  Use use_ = Use::parse;       // of what comes
  std::string input_;          // what has come; from parsed_ on it is not parsed yet
  std::size_t parsed_ = 0;
  std::size_t discarded_ = 0;  // bytes
  bool watching_ = false;      // a wait for input is pending
  bool end_of_input_ = false;
  bool continued_ = false;  // the client was told to go on with its body
  Gate input_gate_;         // opens when run() is to look again
  std::stop_source hangup_{std::nostopstate};
  bool stopping_ = false;
  bool idle_ = false;  // waiting for the first byte of a request
  SteadyTime deadline_ = SteadyTime::max();
  bool timed_out_ = false;
  std::exception_ptr failure_;  // of what came outside of run()
};

}  // namespace sisyphus::net
