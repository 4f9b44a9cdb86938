#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text on a terminal: what a server or a job's author wrote is never trusted to be printable.
namespace sisyphus::app {

// Without control characters and broken UTF-8, each replaced by '?'; with `utf8` false everything past ASCII
// too.
std::string printable(std::string_view text, bool utf8);

// Columns that printable UTF-8 takes: East Asian wide characters and emoji two, combining marks none.
std::size_t columns_of(std::string_view text);

// `text` in at most `columns`, the end replaced by `ellipsis` where it does not fit.
std::string shortened(std::string_view text, std::size_t columns, std::string_view ellipsis);

// `text` in exactly `columns`: shortened, or with spaces behind it.
std::string padded(std::string_view text, std::size_t columns, std::string_view ellipsis);

// "1:02:03" or "2:03" of a time in seconds.
std::string clock_text(double seconds);

}  // namespace sisyphus::app
