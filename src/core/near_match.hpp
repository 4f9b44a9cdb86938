#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sisyphus {

// Those of `names` that somebody who wrote `word` may have meant: a slip or two away, or with the word in
// them; case, dashes and underscores do not count. The nearest first, at most three.
std::vector<std::string> near_matches(std::string_view word, const std::vector<std::string>& names);

// For the end of a message: "; did you mean libx265?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace sisyphus
