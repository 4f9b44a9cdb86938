#include "net/http_connection.hpp"

#include "core/asio_tokens.hpp"
#include "core/reuse.hpp"
#include "net/keep_alive_probes.hpp"
#include "net/problem.hpp"

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

constexpr std::size_t kKeep = 16U << 10;  // bytes: the memory of a larger text is not kept for the next one

SteadyTime from_now(Millis span) {
  return std::chrono::steady_clock::now() + span;
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, const ServerSettings& settings,
                               const Router& router, std::span<char> scratch)
    : socket_(std::move(socket)),
      settings_(settings),
      router_(router),
      scratch_(scratch),
      parser_(settings.limits),
      request_(parser_.request()),
      input_gate_(socket_.get_executor()) {
  request_.watch = [this] { return watch_client(); };
}

// The whole conversation is one coroutine: each that it called would be one more frame for every request.
asio::awaitable<void> HttpConnection::run() {
  socket_.non_blocking(true);
  bool go_on = begin_request();
  while (go_on) {
    while (state_ == State::more && !end_of_input_ && !timed_out_) {
      if (parser_.wants_continue() && !continued_) {
        co_await send_continue();
      } else {
        watch_input();
        co_await input_gate_.wait(asio::use_awaitable);
      }
    }
    if (failure_) break;
    if (state_ != State::complete) {
      co_await refuse();
      break;
    }
    HttpResponse response = co_await router_.handle(request_);
    const bool keep_alive = request_.keep_alive && !stopping_ && !response.stream;
    const std::string reply = render(response, keep_alive);
    std::string_view rest = reply;
    auto written = write_now(rest);
    if (!written) {
      const bool all = co_await write_rest(rest);
      written = all;
    }
    // A client that is known to have gone does not get it, whatever the kernel took. One that cannot wait may
    // have closed its own direction only.
    const bool gone = end_of_input_ && request_.parameter("wait") != nullptr;
    if (response.undelivered && (gone || !*written)) response.undelivered();
    if (*written && response.stream && with_body()) {
      co_await write_stream(*response.stream, response.content_type == kEventStream);
    }
    go_on = *written && keep_alive && begin_request();
    const bool pipelined = !input_.empty();  // then others have their turn between its requests
    if (pipelined) co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  }
  close();
  while (watching_) co_await input_gate_.wait(asio::use_awaitable);
  if (failure_) std::rethrow_exception(failure_);
}

void HttpConnection::close() {
  end_of_input_ = true;
  std::error_code ignored;  // the client may have gone first
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

bool HttpConnection::begin_request() {
  parser_.next();
  state_ = State::more;
  use_ = Use::parse;
  continued_ = false;
  idle_ = input_.empty();
  deadline_ = from_now(idle_ ? settings_.idle : settings_.receive);
  if (!idle_) parse({});
  return !idle_ || !stopping_;
}

// With what was kept before it. What is not used up is kept: a part of a line, or what follows the request.
void HttpConnection::parse(std::string_view bytes) {
  const bool had_some = !input_.empty();
  if (had_some) bytes = std::string_view(input_.append(bytes)).substr(parsed_);
  const std::size_t used = parser_.feed(bytes, state_);
  if (had_some) {
    parsed_ += used;
  } else {
    input_.assign(bytes.substr(used));
  }
  if (2 * parsed_ >= input_.size()) input_.erase(0, std::exchange(parsed_, 0));  // each byte moves once or so
  if (input_.empty()) clear_for_reuse(input_, kKeep);
  if (state_ != State::more) use_ = Use::keep;
  if (state_ == State::complete) {
    idle_ = false;
    timed_out_ = false;  // it may have come just then
    deadline_ = SteadyTime::max();
  } else if (idle_ && parser_.started()) {
    idle_ = false;
    deadline_ = from_now(settings_.receive);
  }
}

asio::awaitable<void> HttpConnection::send_continue() {
  continued_ = true;
  const bool sent = co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
  if (!sent) end_of_input_ = true;
  if (state_ == State::more) deadline_ = from_now(settings_.receive);
}

// What came is not a request, or it is not whole.
asio::awaitable<void> HttpConnection::refuse() {
  if (state_ == State::failed) {
    co_await answer_failure(parser_.status(), parser_.reason());
  } else if (timed_out_ && parser_.started()) {
    co_await answer_failure(
        408, fmt::format("the request was not complete after {} s", settings_.receive.count() / 1000));
  }
}

// Into memory that the last reply, of whichever connection, has just left: it is in the processor's cache.
std::string HttpConnection::render(const HttpResponse& response, bool keep_alive) const {
  constexpr std::size_t kHead = 256;  // bytes; seldom more
  std::string text;
  text.reserve(kHead + response.body.size());
  append_head(response, keep_alive, settings_.allow_origin, text);
  if (with_body() && response.status != 204) text += response.body;
  return text;
}

asio::awaitable<void> HttpConnection::answer_failure(int status, std::string_view reason) {
  const HttpResponse response = problem(status, reason);
  const std::string text = render(response, false);
  const bool written = co_await write_text(text);
  // Closing with unread input would reset the connection and take the reply with it: read what is still
  // coming.
  std::error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  deadline_ = from_now(std::chrono::seconds(2));
  timed_out_ = false;
  input_.clear();
  parsed_ = 0;
  use_ = Use::discard;
  while (written && !error && !end_of_input_ && !timed_out_ && discarded_ < settings_.limits.body) {
    watch_input();
    co_await input_gate_.wait(asio::use_awaitable);
  }
}

std::stop_token HttpConnection::watch_client() {
  hangup_ = std::stop_source();
  if (end_of_input_ || stopping_) hangup_.request_stop();
  return hangup_.get_token();
}

// All the time: so that a client that goes while a handler waits or a stream is written is noticed. Nothing
// is read before something has come: then one piece of memory does for all connections, idle ones need none,
// and no read(2) finds nothing.
void HttpConnection::watch_input() {
  if (watching_ || end_of_input_) return;
  // A client that sends on without waiting for replies: its bytes may pile up to the size of one request.
  if (input_.size() - parsed_ > settings_.limits.header + settings_.limits.body) return;
  watching_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](std::error_code error) { self->on_input(error); });
}

// The first bytes of the scratch memory.
void HttpConnection::take(std::size_t size) {
  const std::string_view bytes(scratch_.data(), size);
  if (use_ == Use::parse && size != 0) {
    parse(bytes);
  } else if (use_ == Use::keep) {
    input_ += bytes;
  } else {
    discarded_ += size;
  }
}

void HttpConnection::on_input(std::error_code error) {
  watching_ = false;
  try {
    if (!error && !end_of_input_)
      take(socket_.read_some(asio::buffer(scratch_.data(), scratch_.size()), error));
  } catch (const std::exception&) {
    failure_ = std::current_exception();  // run() throws it: it is to cost this connection alone
    end_of_input_ = true;
  }
  const bool too_late = timed_out_ && error == asio::error::operation_aborted;
  if (error && error != asio::error::would_block && !too_late) {
    end_of_input_ = true;
    hangup_.request_stop();
  }
  watch_input();
  const bool more = use_ == Use::parse && !end_of_input_ && !timed_out_ && !parser_.wants_continue();
  if (!more) input_gate_.open_now();
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
  if (idle_) cut();
}

void HttpConnection::cut() {
  std::error_code ignored;  // it may be closed already
  socket_.cancel(ignored);
  if (watching_) return;
  end_of_input_ = true;
  input_gate_.open();
}

void HttpConnection::check_deadline(SteadyTime now) {
  if (now < deadline_) return;  // else again at the next look, until it has gone on
  timed_out_ = true;
  cut();
}

}  // namespace sisyphus::net
