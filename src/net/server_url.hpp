#pragma once

#include "core/errc.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sisyphus::net {

// Where a server is: http://host[:port][/prefix], taken apart.
struct ServerUrl {
  std::string text;       // as it is shown: without a slash at the end
  std::string host;       // name or address, IPv6 without brackets
  std::string authority;  // what the Host field says
  std::uint16_t port = 80;
  std::string prefix;  // goes before every target; empty or "/…" without a slash at the end
};

// Errc::invalid for anything else, https included: there is no TLS here.
Result<ServerUrl> parse_server_url(std::string_view text);

}  // namespace sisyphus::net
