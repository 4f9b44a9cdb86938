#include "net/problem_reply.hpp"

#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

Errc code_of(int status) {
  switch (status) {
    case 404:
      return Errc::not_found;
    case 405:
      return Errc::method_not_allowed;
    case 408:
    case 504:
      return Errc::timeout;
    case 409:
      return Errc::conflict;
    case 413:
      return Errc::too_large;
    case 507:
      return Errc::storage_full;
    default:
      return status < 500 ? Errc::invalid : Errc::unavailable;
  }
}

std::string text_member(const json::object& object, json::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

}  // namespace

Error error_from_reply(int status, std::string_view body) {
  Error error{code_of(status), {}, {}};
  json::error_code failed;
  const json::value parsed = json::parse({body.data(), body.size()}, failed);
  if (const json::object* object = failed ? nullptr : parsed.if_object()) {
    error.detail = text_member(*object, "detail");
    if (error.detail.empty()) error.detail = text_member(*object, "message");
    error.pointer = text_member(*object, "pointer");
  }
  if (error.detail.empty()) {
    constexpr std::size_t kShown = 200;  // bytes: enough to recognize a proxy's page
    error.detail = fmt::format("HTTP {}{}{}", status, body.empty() ? "" : ": ", body.substr(0, kShown));
  }
  return error;
}

}  // namespace sisyphus::net
