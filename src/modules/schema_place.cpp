#include "modules/schema_place.hpp"

#include "core/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <charconv>
#include <optional>
#include <regex>
#include <system_error>

namespace sisyphus::modules {

namespace json = boost::json;

namespace {

std::optional<std::size_t> index_of(const std::string& token) {
  std::size_t index = 0;
  const auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (code != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace

const json::value* member(const json::value* object, std::string_view key) {
  return object != nullptr && object->is_object() ? object->get_object().if_contains(key) : nullptr;
}

const json::value* step(const json::value* data, const std::string& token) {
  if (data == nullptr || !data->is_array()) return member(data, token);
  const auto index = index_of(token);
  return index ? data->get_array().if_contains(*index) : nullptr;
}

const json::value* step_schema(const json::value* schema, const json::value* data, const std::string& token) {
  if (data != nullptr && data->is_array()) {
    const json::value* items = member(schema, "items");
    return items != nullptr && items->is_object() ? items : nullptr;
  }
  if (const json::value* named = member(member(schema, "properties"), token)) return named;
  if (const json::value* patterns = member(schema, "patternProperties"); patterns && patterns->is_object()) {
    for (const auto& [pattern, sub] : patterns->get_object()) {
      if (std::regex_search(token, std::regex(std::string(pattern)))) return &sub;
    }
  }
  return member(schema, "additionalProperties");
}

Place place_of(const json::value& schema, const json::value& data, const std::vector<std::string>& path) {
  Place place{&schema, &data, ""};
  for (const std::string& token : path) {
    place.schema = step_schema(place.schema, place.data, token);
    place.data = step(place.data, token);
    place.pointer += "/" + pointer_token(token);
  }
  return place;
}

}  // namespace sisyphus::modules
