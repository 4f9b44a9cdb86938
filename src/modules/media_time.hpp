#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string_view>

namespace sisyphus::modules {

// Seconds in ffmpeg's syntax for durations: "[-][HH:]MM:SS[.m…]" or "[-]S+[.m…][s|ms|us]". Nothing for other
// text.
std::optional<double> media_seconds(std::string_view text);

// The same from an option's value: a string as above or a number of seconds.
std::optional<double> option_seconds(const boost::json::value& value);

// "24000/1001", "25/1", "25" or "23.976" as a number above 0; nothing for "0/0" and other text.
std::optional<double> media_rate(std::string_view text);

// A decimal number that is all of `text`; nothing for other text, infinities and NaN.
std::optional<double> decimal(std::string_view text);

}  // namespace sisyphus::modules
