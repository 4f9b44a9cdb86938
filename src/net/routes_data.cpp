#include "net/json_text.hpp"
#include "net/problem.hpp"
#include "net/routes.hpp"

#include <boost/json.hpp>

namespace sisyphus::net {

namespace json = boost::json;

asio::awaitable<HttpResponse> get_data(const RouteContext& context, HttpRequest& request) {
  auto document = context.services.data.get(request.param(0), request.param(1));
  if (!document) co_return problem(document.error());
  HttpResponse response;
  response.body = std::move(*document);
  co_return response;
}

asio::awaitable<HttpResponse> post_data(const RouteContext& context, HttpRequest& request) {
  auto body = parse_object_body(request.body);
  if (!body) co_return problem(body.error());
  const std::string module = request.param(0);
  const std::string name = request.param(1);
  (*body)["name"] = name;
  auto stored = co_await context.services.data.put(module, name, json::serialize(*body));
  if (!stored) co_return problem(stored.error());
  co_return no_content();
}

asio::awaitable<HttpResponse> delete_data(const RouteContext& context, HttpRequest& request) {
  const std::string module = request.param(0);
  const std::string name = request.param(1);
  auto erased = co_await context.services.data.erase(module, name);
  if (!erased) co_return problem(erased.error());
  co_return no_content();
}

}  // namespace sisyphus::net
