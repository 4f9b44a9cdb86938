#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sisyphus {

// The absolute path of the executable that a shell would run for `name`: the first on PATH, or `name` itself
// when it holds a slash. Empty when there is none.
std::optional<std::string> find_program(std::string_view name);

}  // namespace sisyphus
