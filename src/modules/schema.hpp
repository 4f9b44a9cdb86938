#pragma once

#include "modules/module.hpp"

namespace sisyphus::modules {

// Every breach of a JSON Schema (draft-07) in `data`, each with its pointer, in the words of Problem and the
// order of the document. NULs in strings and lists longer than the schema's maxItems are looked for first,
// and reported alone. `schema` is one of the embedded ones; a schema that is itself broken throws
// std::logic_error.
std::vector<Problem> check_schema(const boost::json::value& schema, const boost::json::value& data);

// The embedded config/schemas/{name}.schema.json, parsed once. Throws std::logic_error when there is none.
const boost::json::value& embedded_schema(std::string_view name);

}  // namespace sisyphus::modules
