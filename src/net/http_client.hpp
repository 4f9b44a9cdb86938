#pragma once

#include "core/errc.hpp"
#include "net/sse_parser.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::net {

struct ClientResponse {
  int status = 0;
  std::string content_type;
  std::string body;
};

// An HTTP/1.1 client for one server, with one kept-alive connection per request in flight. Lives on one loop;
// outlives its requests. `base_url` is http://host[:port][/prefix].
class HttpClient {
 public:
  static Result<HttpClient> create(asio::any_io_executor executor, std::string_view base_url);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  const std::string& base_url() const;

  // `target` begins with '/'; any method but HEAD. Every status is a response; Errc::network when the server
  // could not be reached or the connection broke, Errc::timeout after `deadline`. A request on a kept
  // connection that the server had closed before answering is sent once more when it is idempotent (RFC
  // 9110, 9.2.2) or nothing of it was sent.
  // `body` is sent as `content_type`.
  asio::awaitable<Result<ClientResponse>> request(std::string method, std::string target, std::string body,
                                                  std::chrono::milliseconds deadline,
                                                  std::string content_type = "application/json");

  // GETs `target` and gives the body as it comes to `on_text`, until its end, which may be days away and
  // after hours of silence. `patience` is for the head of the reply. A status other than 200 is an Error as
  // problem_reply.hpp says.
  asio::awaitable<Result<void>> read(std::string target, std::chrono::milliseconds patience,
                                     std::function<void(std::string_view)> on_text);

  // Opens `target` as an event stream and calls `on_event` for each event until it answers false or the
  // stream ends. `silence` is the longest time without a byte (the server sends a comment every 15 s). A
  // status other than 200 is Errc::invalid (4xx) or Errc::unavailable with the body's `detail`. `on_open` is
  // called when the server has accepted. Success means `on_event` said false.
  asio::awaitable<Result<void>> stream(std::string target, std::string last_event_id,
                                       std::chrono::milliseconds silence,
                                       std::function<bool(const ServerEvent&)> on_event,
                                       std::function<void()> on_open = {});

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sisyphus::net
