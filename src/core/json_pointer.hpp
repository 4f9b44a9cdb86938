#pragma once

#include <string>
#include <string_view>

namespace sisyphus {

// `key` as it stands in a JSON Pointer (RFC 6901, section 3): "/" is "~1", "~" is "~0".
std::string pointer_token(std::string_view key);

}  // namespace sisyphus
