#pragma once

#include "core/errc.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

// JSON where a part of it is text that must not be parsed and written anew.
namespace sisyphus::net {

// Adds a member to the text of an object ("{…}") without looking into it. `value` is JSON.
void add_member(std::string& object, std::string_view name, std::string_view value);
// Adds the members of one object's text to another's. Either may be "{}".
void add_members(std::string& object, std::string_view members_of);

// A request's body. Fails with Errc::invalid when it is not JSON, too deep, or not of that kind. The tree
// lives in `storage`, which outlives it.
Result<boost::json::value> parse_body(std::string_view body, boost::json::storage_ptr storage = {});
Result<boost::json::object> parse_object_body(std::string_view body, boost::json::storage_ptr storage = {});

// Checks that an object has no other keys than these; names the first that is.
Result<void> only_keys(const boost::json::object& object, std::initializer_list<std::string_view> keys,
                       const std::string& pointer = {});
Result<bool> required_bool(const boost::json::object& object, std::string_view key);
Result<std::string> required_string(const boost::json::object& object, std::string_view key);
const char* kind_name(const boost::json::value& value);  // "a string", "an object", …

}  // namespace sisyphus::net
