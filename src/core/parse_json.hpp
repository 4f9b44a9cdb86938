#pragma once

#include "core/errc.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace sisyphus {

// The whole of `text` as a JSON value; key order kept, nested at most kMaxJsonDepth deep
// (core/job_document.hpp). Unlike boost::json::parse, a number with a fraction or an exponent becomes the
// double nearest to what is written: the parser of Boost 1.81 misses by one unit in the last place in every
// sixth number of 16 digits or more, and what reaches a tool's command line must be what the document says.
// Fails with Errc::invalid: not JSON, or a number that fits neither a 64-bit integer nor a finite double.
Result<boost::json::value> parse_json(std::string_view text);

// Where a byte of a text stands, for people: "line 3, column 14", both from 1; columns are characters.
std::string place_in(std::string_view text, std::size_t offset);

}  // namespace sisyphus
