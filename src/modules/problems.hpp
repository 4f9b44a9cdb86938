#pragma once

#include "modules/module.hpp"

#include <boost/json/object.hpp>

#include <vector>

namespace sisyphus::modules {

// Sorts by where the pointers' first keys stand in `data`, those without one first; else the order is kept.
void in_document_order(std::vector<Problem>& problems, const boost::json::object& data);

// Whether one is of the kind that makes a plan senseless.
bool has_document_problem(const std::vector<Problem>& problems);

}  // namespace sisyphus::modules
