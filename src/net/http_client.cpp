#include "net/http_client.hpp"

#include "net/client_connection.hpp"
#include "net/problem_reply.hpp"
#include "net/reply_reader.hpp"
#include "net/server_url.hpp"
#include "net/sse_parser.hpp"

#include <asio/error.hpp>
#include <fmt/format.h>

#include <utility>
#include <vector>

namespace sisyphus::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxIdle = 8;  // connections kept for later
constexpr int kOk = 200;

// RFC 9110, 9.2.2: sent twice, it does what it does once.
bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "PUT" || method == "DELETE" || method == "OPTIONS";
}

// No space, control character or byte past ASCII: nothing that could end a line or a word of the message's
// head.
bool is_plain(std::string_view text) {
  return text.find_first_not_of(
             "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
             "abcdefghijklmnopqrstuvwxyz{|}~") == std::string_view::npos;
}

std::string in_seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

// How one request went on one connection.
struct Exchange {
  Result<ClientResponse> result = ClientResponse{};
  bool reusable = false;  // the reply was whole and the server keeps the connection
  bool unheard = false;   // the server ended the connection before a byte of a reply
  std::size_t sent = 0;   // bytes of the request
};

}  // namespace

struct HttpClient::Impl {
  Impl(asio::any_io_executor loop, ServerUrl url) : executor(std::move(loop)), server(std::move(url)) {}

  asio::any_io_executor executor;
  ServerUrl server;
  std::vector<std::unique_ptr<ClientConnection>> idle;  // the one used last is at the back

  std::unique_ptr<ClientConnection> take_idle() {
    while (!idle.empty()) {
      std::unique_ptr<ClientConnection> connection = std::move(idle.back());
      idle.pop_back();
      if (connection->quiet()) return connection;
    }
    return nullptr;
  }

  void keep(std::unique_ptr<ClientConnection> connection) {
    connection->never_expire();
    if (idle.size() < kMaxIdle) idle.push_back(std::move(connection));
  }

  Result<std::string> compose(std::string_view method, std::string_view target, std::string_view fields,
                              std::string_view body, std::string_view content_type) const {
    if (!target.starts_with('/') || !is_plain(target) || !is_plain(method)) {
      return invalid(fmt::format("\"{} {}\" cannot be requested: percent-encode the target", method, target));
    }
    std::string text = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: sisyphus/{}\r\n", method,
                                   server.prefix, target, server.authority, SISYPHUS_VERSION);
    text += fields;
    if (!body.empty()) text += fmt::format("Content-Type: {}\r\n", content_type);
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
      text += fmt::format("Content-Length: {}\r\n", body.size());
    }
    text += "\r\n";
    text += body;
    return text;
  }

  // `time` is what the caller allowed.
  Error failure(std::string_view what, std::error_code error, std::chrono::milliseconds time) const {
    if (error == asio::error::timed_out) {
      return {
          Errc::timeout, fmt::format("{} {}: no answer within {}", what, server.text, in_seconds(time)), {}};
    }
    if (error == asio::error::operation_aborted) {
      return {Errc::unavailable, fmt::format("{} {}: cancelled", what, server.text), {}};
    }
    if (error == asio::error::eof) {
      return {Errc::network, fmt::format("{} {}: the server closed the connection", what, server.text), {}};
    }
    return {Errc::network, fmt::format("{} {}: {}", what, server.text, error.message()), {}};
  }

  Error read_failure(const ReplyReader& reader, std::error_code error, std::chrono::milliseconds time) const {
    if (error == std::errc::bad_message && !reader.malformed().empty()) {
      return {Errc::network, fmt::format("malformed reply from {}: {}", server.text, reader.malformed()), {}};
    }
    return failure("no whole reply from", error, time);
  }

  asio::awaitable<Exchange> exchange(ClientConnection& connection, const std::string& message,
                                     std::chrono::milliseconds time) {
    Exchange outcome;
    const Transfer written = co_await connection.write(message);
    outcome.sent = written.bytes;
    // A server that refuses a large body answers and closes before it has read all: its answer is worth more
    // than the broken pipe. So the reply is read even then.
    ReplyReader reader(connection);
    const bool broken = written.error && written.error != asio::error::timed_out &&
                        written.error != asio::error::operation_aborted;
    std::error_code error = broken ? std::error_code() : written.error;
    while (!error && !reader.done()) error = co_await reader.more();
    if (error) {
      outcome.unheard =
          !reader.heard() && error != asio::error::timed_out && error != asio::error::operation_aborted;
      outcome.result = read_failure(reader, broken && !reader.heard() ? written.error : error, time);
      co_return outcome;
    }
    outcome.reusable = !written.error && reader.reusable();
    outcome.result = ClientResponse{reader.status(), reader.content_type(), reader.take_body()};
    co_return outcome;
  }

  asio::awaitable<Result<ClientResponse>> request(std::string method, std::string target, std::string body,
                                                  std::chrono::milliseconds time, std::string content_type) {
    const Result<std::string> message = compose(method, target, "", body, content_type);
    if (!message) co_return message.error();
    const SteadyClock::time_point until = SteadyClock::now() + time;

    if (std::unique_ptr<ClientConnection> kept = take_idle()) {
      kept->expire_at(until);
      Exchange outcome = co_await exchange(*kept, *message, time);
      if (outcome.reusable) keep(std::move(kept));
      const bool again = outcome.unheard && (is_idempotent(method) || outcome.sent == 0);
      if (!again) co_return std::move(outcome.result);
    }
    auto fresh = std::make_unique<ClientConnection>(executor, server);
    fresh->expire_at(until);
    const std::error_code unreachable = co_await fresh->connect();
    if (unreachable) co_return failure("cannot reach", unreachable, time);
    Exchange outcome = co_await exchange(*fresh, *message, time);
    if (outcome.reusable) keep(std::move(fresh));
    co_return std::move(outcome.result);
  }

  asio::awaitable<Result<void>> stream(std::string target, std::string last_event_id,
                                       std::chrono::milliseconds silence,
                                       std::function<bool(const ServerEvent&)> on_event,
                                       std::function<void()> on_open) {
    if (!is_plain(last_event_id)) co_return invalid("an event id must be plain ASCII without spaces");
    std::string fields = "Accept: text/event-stream\r\nCache-Control: no-store\r\n";
    if (!last_event_id.empty()) fields += fmt::format("Last-Event-ID: {}\r\n", last_event_id);
    const Result<std::string> message = compose("GET", target, fields, "", "");
    if (!message) co_return message.error();
    ClientConnection connection(executor, server);
    ReplyReader reader(connection);
    const Result<void> begun = co_await begin(connection, reader, *message, silence);
    if (!begun) co_return begun.error();
    if (reader.status() != kOk) co_return refused(reader.status(), reader.take_body());
    if (!reader.content_type().starts_with("text/event-stream")) {
      co_return invalid(fmt::format("{}{} is not an event stream", server.text, target));
    }
    reader.lift_body_limit();
    if (on_open) on_open();
    co_return co_await pump(connection, reader, silence, on_event);
  }

  // To the end of the reply's head; of one that is not 200 to its end.
  asio::awaitable<Result<void>> begin(ClientConnection& connection, ReplyReader& reader,
                                      const std::string& message, std::chrono::milliseconds patience) {
    connection.expire_at(SteadyClock::now() + patience);
    const std::error_code unreachable = co_await connection.connect();
    if (unreachable) co_return failure("cannot reach", unreachable, patience);
    const Transfer written = co_await connection.write(message);
    if (written.error) co_return failure("cannot reach", written.error, patience);
    std::error_code error;
    while (!error && !reader.header_done()) error = co_await reader.more();
    if (error) co_return read_failure(reader, error, patience);
    // A reason that is cut short is still a reason.
    while (reader.status() != kOk && !error && !reader.done()) error = co_await reader.more();
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> read(std::string target, std::chrono::milliseconds patience,
                                     std::function<void(std::string_view)> on_text) {
    const Result<std::string> message = compose("GET", target, "", "", "");
    if (!message) co_return message.error();
    ClientConnection connection(executor, server);
    ReplyReader reader(connection);
    const Result<void> begun = co_await begin(connection, reader, *message, patience);
    if (!begun) co_return begun.error();
    if (reader.status() != kOk) co_return error_from_reply(reader.status(), reader.take_body());
    connection.never_expire();
    connection.probe();
    reader.lift_body_limit();
    std::error_code error;
    while (true) {
      if (const std::string text = reader.take_body(); !text.empty()) on_text(text);
      if (error) co_return read_failure(reader, error, patience);
      if (reader.done()) co_return Result<void>();
      error = co_await reader.more();
    }
  }

  // From the head of an event stream to its end.
  asio::awaitable<Result<void>> pump(ClientConnection& connection, ReplyReader& reader,
                                     std::chrono::milliseconds silence,
                                     std::function<bool(const ServerEvent&)>& on_event) {
    SseParser parser;
    std::error_code error;
    while (true) {
      const Result<std::vector<ServerEvent>> events = parser.feed(reader.take_body());
      if (!events) co_return events.error();
      for (const ServerEvent& event : *events) {
        if (!on_event(event)) co_return Result<void>();
      }
      if (error) co_return read_failure(reader, error, silence);
      if (reader.done()) {
        co_return Error{Errc::network, fmt::format("{} ended the event stream", server.text), {}};
      }
      connection.expire_at(SteadyClock::now() + silence);
      error = co_await reader.more();
    }
  }

  static Error refused(int status, const std::string& body) {
    Error error = error_from_reply(status, body);
    error.code = status >= 400 && status < 500 ? Errc::invalid : Errc::unavailable;
    return error;
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::create(asio::any_io_executor executor, std::string_view base_url) {
  Result<ServerUrl> server = parse_server_url(base_url);
  if (!server) return server.error();
  return HttpClient(std::make_unique<Impl>(std::move(executor), std::move(*server)));
}

const std::string& HttpClient::base_url() const {
  return impl_->server.text;
}

asio::awaitable<Result<ClientResponse>> HttpClient::request(std::string method, std::string target,
                                                            std::string body,
                                                            std::chrono::milliseconds deadline,
                                                            std::string content_type) {
  return impl_->request(std::move(method), std::move(target), std::move(body), deadline,
                        std::move(content_type));
}

asio::awaitable<Result<void>> HttpClient::read(std::string target, std::chrono::milliseconds patience,
                                               std::function<void(std::string_view)> on_text) {
  return impl_->read(std::move(target), patience, std::move(on_text));
}

asio::awaitable<Result<void>> HttpClient::stream(std::string target, std::string last_event_id,
                                                 std::chrono::milliseconds silence,
                                                 std::function<bool(const ServerEvent&)> on_event,
                                                 std::function<void()> on_open) {
  return impl_->stream(std::move(target), std::move(last_event_id), silence, std::move(on_event),
                       std::move(on_open));
}

}  // namespace sisyphus::net
