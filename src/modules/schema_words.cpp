#include "modules/schema_words.hpp"

#include "core/json_pointer.hpp"
#include "core/near_match.hpp"
#include "modules/python_number.hpp"
#include "modules/schema_place.hpp"
#include "modules/value_words.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

// The strings among the choices of an enum, or the keys of `properties`: what a typo may have meant.
std::vector<std::string> names_in(const json::value* names) {
  std::vector<std::string> words;
  if (names != nullptr && names->is_array()) {
    for (const json::value& one : names->get_array()) {
      if (one.is_string()) words.emplace_back(one.get_string());
    }
  } else if (names != nullptr && names->is_object()) {
    for (const auto& entry : names->get_object()) words.emplace_back(entry.key());
  }
  return words;
}

std::string listed(const json::value* values) {
  std::vector<std::string> words;
  if (values != nullptr && values->is_array()) {
    for (const json::value& one : values->get_array()) words.push_back(as_json(one));
  }
  return alternatives(words);
}

std::string known_keys(const json::value* schema) {
  return fmt::format("{}", fmt::join(names_in(member(schema, "properties")), ", "));
}

std::string described(const json::value* schema) {
  const json::value* words = member(schema, "description");
  return words != nullptr && words->is_string() ? std::string(words->get_string()) : std::string{};
}

// The first sentence of a description, as the end of another sentence.
std::string described_in_short(const json::value* schema) {
  std::string text = described(schema);
  text = text.substr(0, text.find(". "));
  if (text.ends_with('.')) text.pop_back();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string limit(const json::value* schema, std::string_view keyword) {
  const json::value* value = member(schema, keyword);
  return value != nullptr && value->is_number() ? python_number(*value) : std::string("another value");
}

std::string quoted_part(const std::string& text) {
  const std::size_t first = text.find('\'');
  const std::size_t last = text.rfind('\'');
  return first == last ? std::string{} : text.substr(first + 1, last - first - 1);
}

bool lists(const json::value* names, std::string_view name) {
  return names != nullptr && names->is_array() &&
         std::any_of(names->get_array().begin(), names->get_array().end(),
                     [&](const json::value& one) { return one.is_string() && one.get_string() == name; });
}

// These only repeat that something deeper down is wrong.
bool is_consequence(std::string_view text) {
  return text.starts_with("Failed to validate item #") ||
         text.starts_with("Failed to validate against schema ") ||
         text.starts_with("Failed to validate against child schema") ||
         text.starts_with("Failed to validate against additional properties") ||
         text.starts_with("Target value and comparison value");
}

std::vector<Problem> unknown_keys(const Place& place) {
  std::vector<Problem> problems;
  for (const auto& entry : place.data->as_object()) {
    const std::string key = entry.key();
    if (step_schema(place.schema, place.data, key) != member(place.schema, "additionalProperties")) continue;
    problems.push_back({Problem::Kind::document, place.pointer + "/" + pointer_token(key),
                        fmt::format("unknown key {}; known here: {}{}",
                                    cut(json::serialize(json::string(key))), known_keys(place.schema),
                                    did_you_mean(key, names_in(member(place.schema, "properties"))))});
  }
  return problems;
}

// The keys of which one must be there, when `schema` says so by anyOf or oneOf.
std::string one_of_keys(const json::value* schema, std::string_view keyword) {
  std::vector<std::string> keys;
  if (const json::value* choices = member(schema, keyword); choices && choices->is_array()) {
    for (const json::value& choice : choices->get_array()) {
      const json::value* required = member(&choice, "required");
      if (required == nullptr || !required->is_array()) return {};
      for (const json::value& key : required->get_array()) {
        if (key.is_string() &&
            std::find(keys.begin(), keys.end(), std::string(key.get_string())) == keys.end()) {
          keys.emplace_back(key.get_string());
        }
      }
    }
  }
  return alternatives(keys);
}

// The object that is wanted, by the keys it cannot do without.
std::string object_in_words(const json::value* schema) {
  const std::vector<std::string> keys = names_in(member(schema, "required"));
  if (!keys.empty()) {
    return fmt::format("an object with the key{} {}", keys.size() == 1 ? "" : "s", fmt::join(keys, " and "));
  }
  return member(schema, "properties") == nullptr ? "an object of names and values" : "an object";
}

// How to mend a value of the wrong type, where that is plain: the quotes that are too many, the brackets that
// are missing.
std::string remedy(const json::value& data, const json::value* schema) {
  const json::value* type = member(schema, "type");
  if (type == nullptr || !type->is_string()) return {};
  static constexpr std::size_t kLongest = 32;  // no number and no word of JSON is longer
  if (const json::string* text = data.if_string(); text != nullptr && text->size() <= kLongest) {
    json::error_code code;
    const json::value bare = json::parse(*text, code);
    if (!code && is_of_type(bare, type->get_string())) return fmt::format("; write {} without quotes", *text);
  }
  const json::value* item = member(member(schema, "items"), "type");
  if (type->get_string() == "array" && item != nullptr && item->is_string() &&
      is_of_type(data, item->get_string())) {
    return data.is_object() ? "; write [{…}]" : fmt::format("; write [{}]", cut(as_json(data)));
  }
  return {};
}

std::string wrong_type(const json::value& data, const json::value* schema) {
  const json::value* type = member(schema, "type");
  const bool wants_object = type != nullptr && type->is_string() && type->get_string() == "object";
  return fmt::format("found {}, expected {}{}", found(data),
                     wants_object ? object_in_words(schema) : types_in_words(type), remedy(data, schema));
}

// "not": {}: whatever the value is, the key is wrong.
bool is_closed_key(const json::value* schema) {
  const json::value* excluded = member(schema, "not");
  return excluded != nullptr && excluded->is_object() && excluded->get_object().empty();
}

// The message for one breach; empty when another breach says it already.
std::string message(const Place& place, const std::string& key_of_place, const std::string& text) {
  const json::value* schema = place.schema;
  const json::value& data = *place.data;
  const auto is = [&](std::string_view start) { return text.starts_with(start); };
  if (is("Value type not permitted")) return wrong_type(data, schema);
  if (is("Missing required property")) {
    const std::string key = quoted_part(text);
    // Not in `required` itself: a branch of anyOf, which is reported as a whole.
    if (!lists(member(schema, "required"), key)) return {};
    const std::string what = described_in_short(member(member(schema, "properties"), key));
    return fmt::format("the key \"{}\" is missing{}{}", key, what.empty() ? "" : ": ", what);
  }
  if (is("Failed to validate against any")) {
    const std::string keyword = text.find("anyOf") != std::string::npos ? "anyOf" : "oneOf";
    const std::string keys = one_of_keys(schema, keyword);
    return keys.empty() ? fmt::format("found {}, which fits none of the allowed forms", found(data))
                        : fmt::format("one of the keys {} is missing", keys);
  }
  if (is("Failed to match against any enum")) {
    const json::value* choices = member(schema, "enum");
    return fmt::format("found {}, expected {}{}", found(data), listed(choices),
                       data.is_string() ? did_you_mean(data.get_string(), names_in(choices)) : "");
  }
  if (is("Failed to match expected value set by 'const'")) {
    return fmt::format("found {}, expected {}", found(data),
                       member(schema, "const") ? json::serialize(*member(schema, "const")) : "another value");
  }
  if (is("Failed to match regex") || is("Target should not validate")) {
    const std::string what = described(schema);
    if (is_closed_key(schema)) {
      return fmt::format("found the key {}, expected {}", cut(json::serialize(json::string(key_of_place))),
                         what);
    }
    return fmt::format("found {}, expected {}", found(data), what.empty() ? "another value" : what);
  }
  if (is("Array should contain no fewer")) {
    return fmt::format("found {}, expected at least {}", found(data), limit(schema, "minItems"));
  }
  if (is("Array should contain no more")) {
    return fmt::format("found {}, expected at most {}", found(data), limit(schema, "maxItems"));
  }
  if (is("Object should have no fewer")) {
    return fmt::format("found {}, expected at least {} of the keys {}", found(data),
                       limit(schema, "minProperties"), known_keys(schema));
  }
  if (is("Object should have no more")) {
    return fmt::format("found {} keys, expected at most {} of {}", data.as_object().size(),
                       limit(schema, "maxProperties"), known_keys(schema));
  }
  if (is("String should be no fewer")) {
    if (data.as_string().empty()) return fmt::format("found {}, expected {}", found(data), described(schema));
    return fmt::format("found {}, expected at least {} characters", found(data), limit(schema, "minLength"));
  }
  if (is("String should be no more")) {
    return fmt::format("found {}, expected at most {} characters", found(data), limit(schema, "maxLength"));
  }
  if (is("Expected number greater than")) {
    const bool inclusive = is("Expected number greater than or equal");
    return fmt::format("found {}, expected {} {}", found(data), inclusive ? "at least" : "more than",
                       limit(schema, inclusive ? "minimum" : "exclusiveMinimum"));
  }
  if (is("Expected number less than")) {
    const bool inclusive = is("Expected number less than or equal");
    return fmt::format("found {}, expected {} {}", found(data), inclusive ? "at most" : "less than",
                       limit(schema, inclusive ? "maximum" : "exclusiveMaximum"));
  }
  return fmt::format("found {}: {}", found(data), text);
}

// "Elements at indexes #0 and #2 violate uniqueness constraint.": the second is the one to take away.
Problem repeated(const Place& place, const std::string& text) {
  std::smatch match;
  static const std::regex kIndexes("#([0-9]+) and #([0-9]+)");
  if (!std::regex_search(text, match, kIndexes)) return {Problem::Kind::document, place.pointer, text};
  const json::value* item = step(place.data, match[2]);
  return {Problem::Kind::document, place.pointer + "/" + match[2].str(),
          fmt::format("found {} again, it is {}/{} already", item ? found(*item) : "a value", place.pointer,
                      match[1].str())};
}

}  // namespace

std::vector<Problem> breaches_in_words(const json::value& schema, const json::value& data,
                                       const std::vector<SchemaBreach>& breaches) {
  std::vector<Problem> problems;
  const auto add = [&](Problem problem) {
    if (std::find(problems.begin(), problems.end(), problem) == problems.end()) {
      problems.push_back(std::move(problem));
    }
  };
  for (const auto& [path, description] : breaches) {
    const Place place = place_of(schema, data, path);
    if (is_consequence(description) || place.data == nullptr) continue;
    if (description.starts_with("Object contains a property")) {
      for (Problem& problem : unknown_keys(place)) add(std::move(problem));
    } else if (description.starts_with("Elements at indexes")) {
      Problem problem = repeated(place, description);
      const auto said = [&](const Problem& other) { return other.pointer == problem.pointer; };
      if (std::none_of(problems.begin(), problems.end(), said)) add(std::move(problem));
    } else if (std::string words = message(place, path.empty() ? "" : path.back(), description);
               !words.empty()) {
      add({Problem::Kind::document, place.pointer, std::move(words)});
    }
  }
  return problems;
}

}  // namespace sisyphus::modules
