#pragma once

#include <cstddef>
#include <string>

namespace sisyphus::queue {

// What the journal and the memory keep of a message, which may be long: its beginning, where the reason stands.
constexpr std::size_t kBrief = 512;  // bytes

// The text, or its beginning with "…" behind it: kBrief bytes at most. UTF-8 stays UTF-8.
std::string brief(std::string text);

}  // namespace sisyphus::queue
