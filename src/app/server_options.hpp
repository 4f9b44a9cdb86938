#pragma once

#include "actors/server.hpp"
#include "core/errc.hpp"

#include <string>

namespace CLI {
class App;
}

namespace sisyphus::app {

// The flags of `sisyphus server`, as they are given.
struct ServerFlags {
  std::string listen = "127.0.0.1:5000";
  std::string data_dir = "sisyphus-data";
  std::string fsync = "always";
  double lease_s = 60;
  double backoff_s = 5;
  double reserve_after_s = 600;
  double ageing_min = 0;
  double client_expiry_s = 30;
  std::size_t history = 10'000;
  double history_days = 30;
  std::size_t max_body_mib = 8;
  std::size_t max_connections = 4096;
  double idle_s = 75;
  std::size_t segment_mib = 16;
  std::string allow_origin = "*";
};

void add_server_flags(CLI::App& app, ServerFlags& flags);

// Errc::invalid names the flag.
Result<actors::ServerOptions> options_of(const ServerFlags& flags);

}  // namespace sisyphus::app
