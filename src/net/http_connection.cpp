#include "net/http_connection.hpp"

#include "core/asio_tokens.hpp"
#include "core/reuse.hpp"
#include "net/keep_alive_probes.hpp"
#include "net/problem.hpp"

#include <asio/bind_cancellation_slot.hpp>
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
constexpr std::size_t kKeep = 16U << 10;  // bytes: the memory of a larger body is not kept for the next one

// kTuple for reads: they are cancelled through the socket, and a slot for each would be an allocation more.
auto without_slot() {
  return asio::bind_cancellation_slot(asio::cancellation_slot(), kTuple);
}

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
      request_(parser_.request()),
      read_gate_(socket_.get_executor()) {}

// The whole conversation is one coroutine: each that it called would be one more frame for every request.
asio::awaitable<void> HttpConnection::run() {
  socket_.non_blocking(true);
  bool go_on = begin_request();
  while (go_on) {
    State state = parse();
    while (state == State::more && !end_of_input_) {
      if (parser_.wants_continue() && !continued_) co_await send_continue();
      if (read_pending_) {
        co_await read_gate_.wait(asio::use_awaitable);
      } else {
        char* const to = room();
        auto token = without_slot();
        auto [error, size] = co_await socket_.async_read_some(asio::buffer(to, kReadSize), token);
        read_done(error, size);
      }
      state = parse();
    }
    if (state != State::complete) {
      co_await refuse(state);
      break;
    }
    HttpResponse response = co_await router_.handle(request_);
    const bool keep_alive = prepare_reply(response);
    std::string_view rest = reply_;
    auto done = write_now(rest);
    if (!done) {
      const bool all = co_await write_rest(rest);
      done = all;
    }
    // A client that had gone before the reply does not get it, whatever the kernel took.
    const bool written = *done && !end_of_input_;
    watching_ = false;
    if (!written && response.undelivered) response.undelivered();
    if (written && response.stream && with_body()) {
      co_await write_stream(*response.stream, response.content_type == kEventStream);
    }
    go_on = written && keep_alive && begin_request();
  }
  std::error_code ignored;  // the client may have gone first
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  while (read_pending_) co_await read_gate_.wait(asio::use_awaitable);
}

bool HttpConnection::begin_request() {
  parser_.next();
  continued_ = false;
  idle_ = begin_ == end_;
  deadline_ = from_now(idle_ ? settings_.idle : settings_.receive);
  return !idle_ || !stopping_;
}

HttpConnection::State HttpConnection::parse() {
  State state = State::more;
  if (begin_ != end_) {
    begin_ += parser_.feed(std::string_view(buffer_).substr(begin_, end_ - begin_), state);
  }
  if (state == State::complete) {
    idle_ = false;
    deadline_ = SteadyTime::max();
    request_.watch = [this] { return watch_client(); };
  } else if (idle_ && parser_.started()) {
    idle_ = false;
    deadline_ = from_now(settings_.receive);
  }
  return state;
}

asio::awaitable<void> HttpConnection::send_continue() {
  continued_ = true;
  const bool sent = co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
  if (!sent) end_of_input_ = true;
  deadline_ = from_now(settings_.receive);
}

// What came is not a request, or it is not whole.
asio::awaitable<void> HttpConnection::refuse(State state) {
  if (state == State::failed) {
    co_await answer_failure(parser_.status(), parser_.reason());
  } else if (timed_out_ && parser_.started()) {
    co_await answer_failure(
        408, fmt::format("the request was not complete after {} s", settings_.receive.count() / 1000));
  }
}

// Into reply_. Returns whether the connection stays.
bool HttpConnection::prepare_reply(const HttpResponse& response) {
  const bool keep_alive = request_.keep_alive && !stopping_ && !response.stream;
  clear_for_reuse(reply_, kKeep);
  append_head(response, keep_alive, settings_.allow_origin, reply_);
  if (with_body() && response.status != 204) reply_ += response.body;
  // A grant is not written to a client that has gone: the kernel would take it all the same. One that cannot
  // wait may have closed its own direction only.
  const bool may_go = response.undelivered && request_.parameter("wait") != nullptr;
  if (may_go && !read_pending_ && has_gone()) end_of_input_ = true;
  return keep_alive;
}

asio::awaitable<void> HttpConnection::answer_failure(int status, std::string_view reason) {
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
  const std::size_t before = end_;
  if (read_pending_) {
    co_await read_gate_.wait(asio::use_awaitable);
  } else {
    char* const to = room();
    auto token = without_slot();
    auto [error, size] = co_await socket_.async_read_some(asio::buffer(to, kReadSize), token);
    read_done(error, size);
  }
  co_return !end_of_input_ && end_ != before;
}

void HttpConnection::read_done(std::error_code error, std::size_t size) {
  end_ += size;
  if (error) end_of_input_ = true;
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

// Events get comments where they are quiet, so that a client that is gone without a word is noticed; other
// texts cannot, and the kernel asks.
asio::awaitable<void> HttpConnection::write_stream(EventStream& stream, bool comments) {
  static const auto comment = std::make_shared<const std::string>(": still here\n\n");
  const std::stop_token hangup = watch_client();
  if (!comments) keep_alive_probes(socket_);
  while (!hangup.stop_requested()) {
    auto event = co_await stream.next(settings_.comment, hangup);
    if (!event && stream.ended()) break;
    if (!event && !comments) continue;
    if (!event) event = comment;
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", event->size(), *event);
    const bool written = co_await write_text(chunk);
    if (!written) co_return;
  }
  // Without the last chunk the message is incomplete, and known to be (RFC 9112, 8).
  if (stream.ended() && !stream.broken()) co_await write_text("0\r\n\r\n");
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
