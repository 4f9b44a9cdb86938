#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace sisyphus::modules {

// A number as Python's str() writes it, which is how the original puts it into a command: 19, 19.0, 1e-07,
// 1e+16.
std::string python_number(double number);

// The same for a JSON number of any kind.
std::string python_number(const boost::json::value& number);

}  // namespace sisyphus::modules
