#pragma once

#include <boost/json/value.hpp>

namespace sisyphus::modules {

// Whether a part of the schema leads back to itself ("$ref", "allOf" and the like) without a step down in the
// data, as {"$ref": "#"} does: the validator would never come to an end.
bool has_endless_reference(const boost::json::value& schema);

}  // namespace sisyphus::modules
