#include "modules/value_words.hpp"

#include "modules/python_number.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

void add_type_words(std::string_view type, std::vector<std::string>& words) {
  if (type == "array") {
    words.emplace_back("a list");
  } else if (type == "object" || type == "integer") {
    words.push_back(fmt::format("an {}", type));
  } else if (type == "null") {
    words.emplace_back("null");
  } else if (type == "boolean") {
    words.insert(words.end(), {"true", "false"});
  } else {
    words.push_back(fmt::format("a {}", type));
  }
}

}  // namespace

std::string cut(std::string text) {
  static constexpr std::size_t kLongest = 80;
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;  // not inside a character
  return text.substr(0, end) + "…";
}

std::string found(const json::value& value) {
  switch (value.kind()) {
    case json::kind::object:
      return value.get_object().empty() ? "an empty object" : "an object";
    case json::kind::array:
      return value.get_array().empty() ? "an empty list"
                                       : fmt::format("a list of {}", value.get_array().size());
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "the number " + python_number(value);
    case json::kind::string:
      return value.get_string().empty() ? "an empty string" : "the string " + cut(json::serialize(value));
    default:
      return json::serialize(value);
  }
}

std::string as_json(const json::value& value) {
  return value.is_number() ? python_number(value) : json::serialize(value);
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string types_in_words(const json::value* type) {
  std::vector<std::string> words;
  if (type != nullptr && type->is_string()) add_type_words(type->get_string(), words);
  if (type != nullptr && type->is_array()) {
    for (const json::value& one : type->get_array()) {
      if (one.is_string()) add_type_words(one.get_string(), words);
    }
  }
  return words.empty() ? "another type" : alternatives(words);
}

bool is_of_type(const json::value& value, std::string_view type) {
  switch (value.kind()) {
    case json::kind::object:
      return type == "object";
    case json::kind::array:
      return type == "array";
    case json::kind::string:
      return type == "string";
    case json::kind::bool_:
      return type == "boolean";
    case json::kind::null:
      return type == "null";
    case json::kind::double_:
      return type == "number";
    default:
      return type == "number" || type == "integer";
  }
}

}  // namespace sisyphus::modules
