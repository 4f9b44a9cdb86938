#include "net/json_text.hpp"

#include "core/job_document.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sisyphus::net {

namespace json = boost::json;

void add_member(std::string& object, std::string_view name, std::string_view value) {
  const bool empty = object.size() == 2;
  object.pop_back();
  if (!empty) object += ',';
  fmt::format_to(std::back_inserter(object), "\"{}\":{}}}", name, value);
}

void add_members(std::string& object, std::string_view members_of) {
  if (members_of.size() == 2) return;
  const bool empty = object.size() == 2;
  object.pop_back();
  if (!empty) object += ',';
  object += members_of.substr(1);
}

Result<json::value> parse_body(std::string_view body, json::storage_ptr storage) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::error_code code;
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return invalid("the body is empty; send JSON");
  json::value value = json::parse(body, code, std::move(storage), options);
  if (code == json::error::too_deep) {
    return invalid(fmt::format("the JSON is nested deeper than {} levels", kMaxJsonDepth));
  }
  if (code) return invalid("not valid JSON: " + code.message());
  return value;
}

Result<json::object> parse_object_body(std::string_view body, json::storage_ptr storage) {
  auto value = parse_body(body, std::move(storage));
  if (!value) return value.error();
  if (!value->is_object())
    return invalid(fmt::format("the body must be an object, found {}", kind_name(*value)));
  return std::move(value->get_object());
}

Result<void> only_keys(const json::object& object, std::initializer_list<std::string_view> keys,
                       const std::string& pointer) {
  for (const auto& [key, value] : object) {
    const std::string_view name(key.data(), key.size());
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      return invalid(fmt::format("unknown field \"{}\"; it may have {}", name, fmt::join(keys, ", ")),
                     fmt::format("{}/{}", pointer, name));
    }
  }
  return {};
}

Result<bool> required_bool(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr)
    return invalid(fmt::format("{} is missing; it must be true or false", key), fmt::format("/{}", key));
  if (!value->is_bool()) {
    return invalid(fmt::format("{} must be true or false, found {}", key, kind_name(*value)),
                   fmt::format("/{}", key));
  }
  return value->get_bool();
}

Result<std::string> required_string(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr)
    return invalid(fmt::format("{} is missing; it must be a string", key), fmt::format("/{}", key));
  if (!value->is_string()) {
    return invalid(fmt::format("{} must be a string, found {}", key, kind_name(*value)),
                   fmt::format("/{}", key));
  }
  return std::string(value->get_string());
}

const char* kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "an integer";
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "nothing";
}

}  // namespace sisyphus::net
