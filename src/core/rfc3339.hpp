#pragma once

#include "core/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sisyphus {

// "2026-01-31T23:59:59.5Z" or with an offset ("+01:00"), RFC 3339; nothing else.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace sisyphus
