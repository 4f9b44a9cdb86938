#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

// Values and types in words, as problems name them.
namespace sisyphus::modules {

// At most 80 bytes of a text, whole characters.
std::string cut(std::string text);

// "the string \"a\"", "a list of 3", "an empty object", "null".
std::string found(const boost::json::value& value);

// A value as JSON, but numbers as the document writes them.
std::string as_json(const boost::json::value& value);

// "a", "a or b", "a, b or c".
std::string alternatives(const std::vector<std::string>& words);

// A schema's `type` (null when it has none): "an integer or null".
std::string types_in_words(const boost::json::value* type);

// Whether a value is of the type that a schema calls `type`.
bool is_of_type(const boost::json::value& value, std::string_view type);

}  // namespace sisyphus::modules
