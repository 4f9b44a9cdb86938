#pragma once

#include "modules/module.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace sisyphus::modules {

// One breach as the validator reports it.
struct SchemaBreach {
  std::vector<std::string> path;  // keys and indexes from the root to the value
  std::string description;        // in the validator's words
};

// The breaches of `schema` in `data` as problems for people: causes only (that a list is wrong because an
// item of it is goes without saying), each once, with what was found and what is expected in the schema's own
// descriptions.
std::vector<Problem> breaches_in_words(const boost::json::value& schema, const boost::json::value& data,
                                       const std::vector<SchemaBreach>& breaches);

}  // namespace sisyphus::modules
