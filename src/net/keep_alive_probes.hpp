#pragma once

#include <asio/ip/tcp.hpp>

namespace sisyphus::net {

// For a connection on which nothing may be said for hours: the kernel asks whether the other side is still
// there, and breaks it within half a minute when it is not.
void keep_alive_probes(asio::ip::tcp::socket& socket);

}  // namespace sisyphus::net
