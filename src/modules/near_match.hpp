#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

// Those of `names` that somebody who wrote `word` may have meant: the nearest, a slip or two away, else those
// with the word in them; at most three, by name.
std::vector<std::string> near_matches(std::string_view word, const std::vector<std::string>& names);

// For the end of a message: "; did you mean libx265?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace sisyphus::modules
