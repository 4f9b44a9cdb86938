#include "net/http_connection.hpp"

#include "core/asio_tokens.hpp"
#include "core/reuse.hpp"
#include "net/keep_alive_probes.hpp"
#include "net/problem.hpp"

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace sisyphus::net {
namespace {

constexpr std::size_t kReadSize = 4096;
constexpr std::size_t kKeep = 16U << 10;  // bytes: the memory of a larger reply is not kept for the next one

SteadyTime from_now(Millis span) {
  return std::chrono::steady_clock::now() + span;
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, const ServerSettings& settings,
                               const Router& router)
    : socket_(std::move(socket)),
      settings_(settings),
      router_(router),
      parser_(settings.limits),
      read_gate_(socket_.get_executor()) {}

asio::awaitable<void> HttpConnection::run() {
  socket_.non_blocking(true);
  for (;;) {
    const Next next = co_await read_request();
    if (next == Next::closed) break;
    const bool go_on = co_await answer();
    if (!go_on) break;
    request_.clear();
  }
  std::error_code ignored;  // the client may have gone first
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  while (read_pending_) co_await read_gate_.wait(asio::use_awaitable);
}

asio::awaitable<HttpConnection::Next> HttpConnection::read_request() {
  idle_ = begin_ == end_;
  if (idle_ && stopping_) co_return Next::closed;
  deadline_ = from_now(idle_ ? settings_.idle : settings_.receive);
  bool continued = false;
  for (;;) {
    RequestParser::State state = RequestParser::State::more;
    if (begin_ != end_) {
      begin_ += parser_.feed(std::string_view(buffer_).substr(begin_, end_ - begin_), state);
    }
    if (state == RequestParser::State::complete) {
      idle_ = false;
      parser_.take(request_);
      deadline_ = SteadyTime::max();
      co_return Next::request;
    }
    if (state == RequestParser::State::failed) {
      co_await answer_failure(parser_.status(), parser_.reason());
      co_return Next::closed;
    }
    if (parser_.wants_continue() && !continued) {
      continued = true;
      const bool sent = co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
      if (!sent) co_return Next::closed;
      deadline_ = from_now(settings_.receive);
    }
    if (idle_ && parser_.started()) {
      idle_ = false;
      deadline_ = from_now(settings_.receive);
    }
    bool more = false;
    if (read_pending_ || end_of_input_) {
      more = co_await fill();
    } else {  // as fill() does, and one coroutine less for each request
      char* const to = room();
      auto [error, size] = co_await socket_.async_read_some(asio::buffer(to, kReadSize), kTuple);
      more = read_done(error, size);
    }
    if (!more) {
      if (timed_out_ && parser_.started()) {
        co_await answer_failure(
            408, fmt::format("the request was not complete after {} s", settings_.receive.count() / 1000));
      }
      co_return Next::closed;
    }
  }
}

asio::awaitable<bool> HttpConnection::answer_failure(int status, std::string_view reason) {
  const HttpResponse response = problem(status, reason);
  std::string text;
  append_head(response, false, settings_.allow_origin, text);
  text += response.body;
  const bool written = co_await write_text(text);
  // Closing with unread input would reset the connection and take the reply with it: read what is still
  // coming.
  std::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  deadline_ = from_now(std::chrono::seconds(2));
  timed_out_ = false;
  std::size_t drained = 0;
  while (written && !error && drained < settings_.limits.body) {
    begin_ = end_ = 0;
    const bool more = co_await fill();
    if (!more) break;
    drained += end_;
  }
  co_return false;
}

char* HttpConnection::room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ != 0) {
    buffer_.erase(0, begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + kReadSize) buffer_.resize(end_ + kReadSize);
  return buffer_.data() + end_;
}

asio::awaitable<bool> HttpConnection::fill() {
  if (end_of_input_) co_return false;
  if (read_pending_) {
    const std::size_t before = end_;
    co_await read_gate_.wait(asio::use_awaitable);
    co_return end_ != before;
  }
  char* const to = room();
  auto [error, size] = co_await socket_.async_read_some(asio::buffer(to, kReadSize), kTuple);
  co_return read_done(error, size);
}

bool HttpConnection::read_done(std::error_code error, std::size_t size) {
  end_ += size;
  if (error) end_of_input_ = true;
  return !error;
}

std::stop_token HttpConnection::watch_client() {
  hangup_ = std::stop_source();
  if (end_of_input_ || stopping_) hangup_.request_stop();
  watching_ = true;
  keep_reading();
  return hangup_.get_token();
}

// Without taking what it may have sent (recv(2)).
bool HttpConnection::has_gone() {
  char byte = 0;
  const ssize_t size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

void HttpConnection::keep_reading() {
  if (read_pending_ || end_of_input_) return;
  // A client that sends on without waiting for replies: its bytes may pile up to the size of one request.
  if (end_ - begin_ > settings_.limits.header + settings_.limits.body) return;
  char* const to = room();
  read_pending_ = true;
  socket_.async_read_some(
      asio::buffer(to, kReadSize),
      [self = shared_from_this()](std::error_code error, std::size_t size) { self->on_read(error, size); });
}

void HttpConnection::on_read(std::error_code error, std::size_t size) {
  read_pending_ = false;
  end_ += size;
  if (error) {
    end_of_input_ = true;
    hangup_.request_stop();
  }
  read_gate_.open();
  if (watching_) keep_reading();  // those were the next request's bytes; it may go yet
}

asio::awaitable<bool> HttpConnection::answer() {
  request_.watch = [this] { return watch_client(); };
  HttpResponse response = co_await router_.handle(request_);
  const bool keep_alive = request_.keep_alive && !stopping_ && !response.stream;
  const bool with_body = request_.method != "HEAD";
  clear_for_reuse(reply_, kKeep);
  append_head(response, keep_alive, settings_.allow_origin, reply_);
  if (with_body && response.status != 204) reply_ += response.body;
  std::string_view rest = reply_;
  // A grant is not written to a client that has gone: the kernel would take it all the same. One that cannot
  // wait may have closed its own direction only.
  const bool may_go = response.undelivered && request_.parameter("wait") != nullptr;
  if (may_go && !read_pending_ && has_gone()) end_of_input_ = true;
  auto done = write_now(rest);
  if (!done) {
    const bool all = co_await write_rest(rest);
    done = all;
  }
  // A client that had gone before the reply does not get it, whatever the kernel took.
  const bool written = *done && !end_of_input_;
  watching_ = false;
  if (!written && response.undelivered) response.undelivered();
  if (!written || !response.stream || !with_body) co_return written&& keep_alive;
  const std::stop_token hangup = watch_client();
  const bool events = response.content_type == kEventStream;
  if (!events) keep_alive_probes(socket_);
  co_await write_stream(*response.stream, events, hangup);
  co_return false;
}

// The kernel takes nearly every reply at once: no need to go round the loop for it.
asio::awaitable<bool> HttpConnection::write_text(std::string_view text) {
  const auto done = write_now(text);
  if (done) co_return *done;
  const bool written = co_await write_rest(text);
  co_return written;
}

std::optional<bool> HttpConnection::write_now(std::string_view& text) {
  std::error_code error;
  text.remove_prefix(socket_.write_some(asio::buffer(text), error));
  if (error && error != asio::error::would_block) return false;
  if (text.empty()) return true;
  return std::nullopt;
}

asio::awaitable<bool> HttpConnection::write_rest(std::string_view text) {
  deadline_ = from_now(settings_.send);
  auto [error, size] = co_await asio::async_write(socket_, asio::buffer(text), kTuple);
  deadline_ = SteadyTime::max();
  co_return !error;
}

asio::awaitable<bool> HttpConnection::write_stream(EventStream& stream, bool comments,
                                                   std::stop_token hangup) {
  static const auto comment = std::make_shared<const std::string>(": still here\n\n");
  while (!hangup.stop_requested()) {
    auto event = co_await stream.next(settings_.comment, hangup);
    if (!event && stream.ended()) break;
    if (!event && !comments) continue;
    if (!event) event = comment;
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", event->size(), *event);
    const bool written = co_await write_text(chunk);
    if (!written) co_return false;
  }
  // Without the last chunk the message is incomplete, and known to be (RFC 9112, 8).
  if (!stream.ended() || stream.broken()) co_return false;
  const bool finished = co_await write_text("0\r\n\r\n");
  co_return finished;
}

void HttpConnection::refuse_more() {
  stopping_ = true;
  hangup_.request_stop();
  if (idle_) socket_.cancel();
}

void HttpConnection::check_deadline(SteadyTime now) {
  if (now < deadline_) return;
  deadline_ = SteadyTime::max();
  timed_out_ = true;
  socket_.cancel();
}

}  // namespace sisyphus::net
