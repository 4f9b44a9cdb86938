#pragma once

#include "core/errc.hpp"

#include <string_view>

namespace sisyphus::net {

// What a reply with a status of 400 or more says went wrong: its `detail` (or the original's `message`),
// `pointer`, and the Errc that the status stands for. A body that is no such object gives "HTTP STATUS" and
// the start of its text.
Error error_from_reply(int status, std::string_view body);

}  // namespace sisyphus::net
