#include "net/problem.hpp"

#include "net/http_codec.hpp"

#include <boost/json.hpp>

namespace sisyphus::net {

namespace json = boost::json;

int http_status(Errc code) {
  switch (code) {
    case Errc::invalid:
      return 400;
    case Errc::not_found:
      return 404;
    case Errc::method_not_allowed:
      return 405;
    case Errc::stale_lease:
    case Errc::conflict:
      return 409;
    case Errc::too_large:
      return 413;
    case Errc::storage_full:
      return 507;
    case Errc::unavailable:
      return 503;
    case Errc::timeout:  // of somebody whom the server asked
      return 504;
    case Errc::network:
    case Errc::io:
    case Errc::tool:
      return 500;
  }
  return 500;
}

HttpResponse problem(int status, std::string_view detail, std::string_view pointer) {
  json::object body{
      {"title", reason_phrase(status)}, {"status", status}, {"detail", detail}, {"message", detail}};
  if (!pointer.empty()) body["pointer"] = pointer;
  HttpResponse response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

HttpResponse problem(const Error& error) {
  return problem(http_status(error.code), error.detail, error.pointer);
}

}  // namespace sisyphus::net
