#pragma once

#include "modules/module.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

// Every breach of a JSON Schema (draft-07) in `data`, each with its pointer, in the words of Problem and the
// order of the document. NULs in strings and lists longer than the schema's maxItems are looked for first,
// and reported alone. `schema` is one of the embedded ones, or one that schema_fault() found no fault with; a
// schema that is itself broken throws std::logic_error.
std::vector<Problem> check_schema(const boost::json::value& schema, const boost::json::value& data);

// Why `schema` cannot be used as a JSON Schema (draft-07); empty when it can.
std::string schema_fault(const boost::json::value& schema);

// The embedded config/schemas/{name}.schema.json, parsed once. Throws std::logic_error when there is none.
const boost::json::value& embedded_schema(std::string_view name);

}  // namespace sisyphus::modules
