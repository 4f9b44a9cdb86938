#pragma once

#include "core/clock.hpp"
#include "core/services.hpp"
#include "net/http_message.hpp"

#include <asio/awaitable.hpp>

#include <span>
#include <string_view>

namespace sisyphus::net {

// What every handler may use. Outlives the server.
struct RouteContext {
  Services services;
  const Clock& clock;
};

// `context` outlives the server; `request` lives until the handler is done, which may use it up.
using Handler = asio::awaitable<HttpResponse> (*)(const RouteContext& context, HttpRequest& request);

// One line of the route table. A segment "*" of the pattern stands for any one segment and becomes a
// parameter.
struct Route {
  std::string_view method;
  std::string_view pattern;
  Handler handler;
  bool safe = true;  // of GET: asking changes nothing, so HEAD is answered too (RFC 9110, 9.2.1)
};

// Finds the route, fills request.open_segments and calls its handler. HEAD is answered as GET (the connection
// leaves the body out), OPTIONS by the router itself, an unknown path with 404, an unknown method with 405.
class Router {
 public:
  Router(RouteContext context, std::span<const Route> routes) : context_(context), routes_(routes) {}
  asio::awaitable<HttpResponse> handle(HttpRequest& request) const;

 private:
  asio::awaitable<HttpResponse> refuse(HttpRequest& request) const;  // no route takes it

  RouteContext context_;
  std::span<const Route> routes_;
};

}  // namespace sisyphus::net
