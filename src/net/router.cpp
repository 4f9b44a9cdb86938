#include "net/router.hpp"

#include "net/problem.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sisyphus::net {
namespace {

bool matches(std::string_view pattern, const std::vector<std::string>& segments,
             std::vector<std::size_t>& open) {
  open.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);  // '/'
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(wanted.size());
    if (wanted == "*" && !segments[i].empty()) {
      open.push_back(i);
    } else if (wanted != segments[i]) {
      return false;
    }
  }
  return pattern.empty();
}

}  // namespace

asio::awaitable<HttpResponse> Router::handle(HttpRequest& request) const {
  const bool head = request.method == "HEAD";
  const std::string_view method = head ? "GET" : std::string_view(request.method);
  for (const Route& route : routes_) {
    if (method != route.method || (head && !route.safe)) continue;
    if (matches(route.pattern, request.target->segments, request.open_segments))
      return route.handler(context_, request);
  }
  return refuse(request);
}

asio::awaitable<HttpResponse> Router::refuse(HttpRequest& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (!matches(route.pattern, request.target->segments, request.open_segments)) continue;
    allowed += fmt::format("{}, ", route.method);
    if (route.method == "GET" && route.safe) allowed += "HEAD, ";
  }
  if (request.method == "OPTIONS") {
    HttpResponse response;
    response.status = 204;
    if (!allowed.empty()) response.headers.emplace_back("Allow", allowed + "OPTIONS");
    response.headers.emplace_back("Access-Control-Allow-Methods",
                                  "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "Content-Type, Authorization, Last-Event-ID");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    co_return response;
  }
  if (allowed.empty()) co_return problem(404, fmt::format("there is nothing at {}", request.target->text));
  HttpResponse response =
      problem(405, fmt::format("{} does not take {}", request.target->text, request.method));
  response.headers.emplace_back("Allow", allowed + "OPTIONS");
  co_return response;
}

}  // namespace sisyphus::net
