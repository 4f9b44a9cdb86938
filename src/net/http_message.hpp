#pragma once

#include "core/services.hpp"
#include "net/target.hpp"

#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::net {

struct HttpRequest {
  std::string method;              // upper case
  const Target* target = nullptr;  // the parser's; never null once it was read
  std::string body;
  std::string last_event_id;  // of the header
  bool keep_alive = true;
  std::vector<std::size_t> open_segments;  // of the target: those that the route's pattern left open
  WatchClient watch;                       // the connection's; never empty there

  // What the route's pattern left open: its n-th "*".
  const std::string& param(std::size_t n) const { return target->segments.at(open_segments.at(n)); }

  void clear();  // keeps the memory for the next request, but for that of a large body

  // The value of a query parameter; null when it is not there.
  const std::string* parameter(std::string_view name) const { return target->parameter(name); }
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";  // a literal
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<EventStream> stream;  // when set, the body is what it gives
  std::function<void()> undelivered;    // called when the reply could not be written; may be empty
};

constexpr std::string_view kEventStream = "text/event-stream";

// For a handler that has nothing to wait for.
inline asio::awaitable<HttpResponse> at_once(HttpResponse response) {
  co_return std::move(response);
}

inline HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

inline HttpResponse event_stream(std::unique_ptr<EventStream> events) {
  HttpResponse response;
  response.content_type = kEventStream;
  response.stream = std::move(events);
  return response;
}

}  // namespace sisyphus::net
