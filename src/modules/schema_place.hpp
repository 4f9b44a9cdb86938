#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

// Finding one's way in a document and in its schema at the same time.
namespace sisyphus::modules {

// The member of an object; null when `object` is null, no object or has none such.
const boost::json::value* member(const boost::json::value* object, std::string_view key);

// The value one step down in a document: of an object by its key, of a list by its index. Null when there is
// none.
const boost::json::value* step(const boost::json::value* data, const std::string& token);

// The part of `schema` that is about that value; null where it cannot be told.
const boost::json::value* step_schema(const boost::json::value* schema, const boost::json::value* data,
                                      const std::string& token);

// A value, what the schema says of it, and its JSON Pointer.
struct Place {
  const boost::json::value* schema;
  const boost::json::value* data;
  std::string pointer;
};

Place place_of(const boost::json::value& schema, const boost::json::value& data,
               const std::vector<std::string>& path);

}  // namespace sisyphus::modules
