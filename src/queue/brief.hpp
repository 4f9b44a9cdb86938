#pragma once

#include <cstddef>
#include <string>

namespace sisyphus::queue {

// What the journal and the memory keep of a message, which may be long.
constexpr std::size_t kBrief = 512;  // bytes

// The text, or its beginning and its end with "…" between them: kBrief bytes at most. A message begins with
// what failed, and ends with the last thing that the tool said. UTF-8 stays UTF-8.
std::string brief(std::string text);

}  // namespace sisyphus::queue
