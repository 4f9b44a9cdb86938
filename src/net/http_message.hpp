#pragma once

#include "core/services.hpp"
#include "net/target.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::net {

struct HttpRequest {
  std::string method;                    // upper case
  std::shared_ptr<const Target> target;  // never null once it was read
  std::string body;
  std::string last_event_id;  // of the header
  bool keep_alive = true;
  std::vector<std::string> params;  // what the route's pattern left open, in order; set by the router
  std::stop_token hangup;           // raised when the client has gone; set by the connection

  // The value of a query parameter; null when it is not there.
  const std::string* parameter(std::string_view name) const { return target->parameter(name); }
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<EventStream> stream;  // when set, the body is what it gives
  std::function<void()> undelivered;    // called when the reply could not be written; may be empty
};

constexpr std::string_view kEventStream = "text/event-stream";

inline HttpResponse event_stream(std::unique_ptr<EventStream> events) {
  HttpResponse response;
  response.content_type = kEventStream;
  response.stream = std::move(events);
  return response;
}

}  // namespace sisyphus::net
