#pragma once

#include <string>
#include <string_view>

namespace sisyphus {

// The text with every byte that is no part of valid UTF-8 (RFC 3629: no overlong forms, no surrogates,
// nothing above U+10FFFF) replaced by U+FFFD. At most three times as long.
std::string to_valid_utf8(std::string_view text);

}  // namespace sisyphus
