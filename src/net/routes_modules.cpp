#include "core/embedded.hpp"
#include "net/problem.hpp"
#include "net/routes.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

constexpr std::string_view kSuffix = ".schema.json";

std::string_view module_of(const embedded::Text& text) {
  return text.name.substr(0, text.name.size() - kSuffix.size());
}

}  // namespace

asio::awaitable<HttpResponse> get_modules(const RouteContext&, HttpRequest&) {
  json::array list;
  for (const embedded::Text& text : embedded::schemas()) {
    const std::string_view name = module_of(text);
    if (name.find('.') != std::string_view::npos) continue;  // the schema of something else
    list.push_back(json::object{{"name", name}, {"schema", fmt::format("/modules/{}/schema", name)}});
  }
  HttpResponse response;
  response.body = json::serialize(json::object{{"modules", std::move(list)}});
  co_return response;
}

asio::awaitable<HttpResponse> get_module_schema(const RouteContext&, HttpRequest& request) {
  for (const embedded::Text& text : embedded::schemas()) {
    if (module_of(text) != request.param(0)) continue;
    HttpResponse response;
    response.content_type = "application/schema+json";
    response.body = text.text;
    co_return response;
  }
  co_return problem(404, fmt::format("there is no module {}", request.param(0)));
}

asio::awaitable<HttpResponse> post_jobs_validate(const RouteContext& context, HttpRequest& request) {
  json::array problems;
  for (const Error& error : context.services.validation.check(request.body)) {
    problems.push_back(json::object{{"pointer", error.pointer}, {"message", error.detail}});
  }
  HttpResponse response;
  response.body =
      json::serialize(json::object{{"valid", problems.empty()}, {"problems", std::move(problems)}});
  co_return response;
}

}  // namespace sisyphus::net
