#include "modules/schema.hpp"

#include "core/embedded.hpp"
#include "core/json_pointer.hpp"
#include "core/parse_json.hpp"
#include "modules/problems.hpp"
#include "modules/schema_loops.hpp"
#include "modules/schema_place.hpp"
#include "modules/schema_words.hpp"

#define VALIJSON_USE_EXCEPTIONS 1
#include <fmt/format.h>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <regex>
#include <stdexcept>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

// The validator names places as "<root>", "[key]", "[0]".
std::vector<std::string> path_of(const std::vector<std::string>& context) {
  std::vector<std::string> path;
  for (std::size_t i = 1; i < context.size(); ++i) {
    path.push_back(context[i].substr(1, context[i].size() - 2));
  }
  return path;
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// What the validator cannot be asked: it sees a string only as far as its first NUL (and no argument or path
// can hold one), and its comparison of all items of a list with each other takes minutes for a long one.
void check_before_validator(const Place& place, std::vector<Problem>& problems) {
  const auto complain = [&](const std::string& pointer, std::string message) {
    problems.push_back({Problem::Kind::document, pointer, std::move(message)});
  };
  if (const json::string* text = place.data->if_string()) {
    if (has_nul(*text)) complain(place.pointer, "the string holds a NUL, which no argument and no path can");
  } else if (const json::array* list = place.data->if_array()) {
    const json::value* most = member(place.schema, "maxItems");
    if (most != nullptr && most->is_int64() && list->size() > static_cast<std::size_t>(most->get_int64())) {
      complain(place.pointer,
               fmt::format("found a list of {}, expected at most {}", list->size(), most->get_int64()));
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string token = std::to_string(i);
      check_before_validator(
          {step_schema(place.schema, place.data, token), &(*list)[i], place.pointer + "/" + token}, problems);
    }
  } else if (const json::object* object = place.data->if_object()) {
    for (const auto& [key, value] : *object) {
      const std::string pointer = place.pointer + "/" + pointer_token(key);
      if (has_nul(key)) complain(pointer, "the key holds a NUL, which no argument can");
      check_before_validator({step_schema(place.schema, place.data, std::string(key)), &value, pointer},
                             problems);
    }
  }
}

// Throws std::exception with what is wrong with `schema`.
void populate(const json::value& schema, valijson::Schema& compiled) {
  const valijson::adapters::BoostJsonAdapter adapter(schema);
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, compiled);
}

// The validator compiles patterns only when it meets a value for them. Throws std::regex_error.
void try_patterns(const json::value& schema) {
  if (const json::array* list = schema.if_array()) {
    for (const json::value& item : *list) try_patterns(item);
  } else if (const json::object* object = schema.if_object()) {
    for (const auto& [key, value] : *object) {
      if (key == "enum" || key == "const" || key == "default" || key == "examples") continue;  // hold data
      if (key == "pattern" && value.is_string()) std::regex(value.get_string().c_str());
      if (key == "patternProperties" && value.is_object()) {
        for (const auto& entry : value.get_object()) std::regex(std::string(entry.key()));
      }
      try_patterns(value);
    }
  }
}

// The validator knows no integers above the largest signed one: that stands in for them.
void take_unsigned_out(json::value& value) {
  if (value.is_uint64()) {
    value = std::numeric_limits<std::int64_t>::max();
  } else if (json::array* list = value.if_array()) {
    for (json::value& item : *list) take_unsigned_out(item);
  } else if (json::object* object = value.if_object()) {
    for (auto& entry : *object) take_unsigned_out(entry.value());
  }
}

std::map<std::string, json::value, std::less<>> parse_embedded_schemas() {
  static constexpr std::string_view kSuffix = ".schema.json";
  std::map<std::string, json::value, std::less<>> schemas;
  for (const auto& [name, text] : embedded::schemas()) {
    if (!name.ends_with(kSuffix)) continue;
    auto parsed = parse_json(text);
    if (!parsed) throw std::logic_error(fmt::format("embedded {}: {}", name, parsed.error().detail));
    schemas.emplace(name.substr(0, name.size() - kSuffix.size()), std::move(*parsed));
  }
  return schemas;
}

}  // namespace

std::vector<Problem> check_schema(const json::value& schema, const json::value& data) {
  valijson::Schema compiled;
  try {
    populate(schema, compiled);
  } catch (const std::exception& error) {
    throw std::logic_error(fmt::format("a schema is broken: {}", error.what()));
  }

  std::vector<Problem> problems;
  check_before_validator({&schema, &data, ""}, problems);
  if (!problems.empty()) return problems;

  valijson::Validator validator(valijson::Validator::kStrongTypes);
  json::value checked = data;
  take_unsigned_out(checked);
  const valijson::adapters::BoostJsonAdapter data_adapter(checked);
  valijson::ValidationResults results;
  if (validator.validate(compiled, data_adapter, &results)) return {};

  std::vector<SchemaBreach> breaches;
  for (const auto& [context, description] : results) breaches.push_back({path_of(context), description});
  problems = breaches_in_words(schema, data, breaches);
  if (data.is_object()) in_document_order(problems, data.get_object());
  // A breach that was reported in no words of its own must not pass for none.
  if (problems.empty()) problems.push_back({Problem::Kind::document, "", "does not fit the module's schema"});
  return problems;
}

std::string schema_fault(const json::value& schema) {
  if (has_endless_reference(schema)) return "a reference in it leads back to itself";
  try {
    valijson::Schema compiled;
    populate(schema, compiled);
    try_patterns(schema);
  } catch (const std::regex_error& error) {
    return fmt::format("a pattern in it is no regular expression: {}", error.what());
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

const json::value& embedded_schema(std::string_view name) {
  static const auto schemas = parse_embedded_schemas();
  const auto found = schemas.find(name);
  if (found == schemas.end()) throw std::logic_error(fmt::format("no schema is embedded for {}", name));
  return found->second;
}

}  // namespace sisyphus::modules
