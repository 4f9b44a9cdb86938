#include "net/keep_alive_probes.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sisyphus::net {
namespace {

// A socket that takes no option is broken already, which the next read or write tells.
void set(int socket, int level, int name, int value) {
  static_cast<void>(::setsockopt(socket, level, name, &value, sizeof value));
}

}  // namespace

void keep_alive_probes(asio::ip::tcp::socket& socket) {
  constexpr int kQuiet = 15;   // seconds before the first probe
  constexpr int kBetween = 5;  // seconds
  constexpr int kUnheard = 3;  // probes
  const int handle = socket.native_handle();
  set(handle, IPPROTO_TCP, TCP_KEEPIDLE, kQuiet);
  set(handle, IPPROTO_TCP, TCP_KEEPINTVL, kBetween);
  set(handle, IPPROTO_TCP, TCP_KEEPCNT, kUnheard);
  set(handle, SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace sisyphus::net
