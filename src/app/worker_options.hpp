#pragma once

#include "actors/worker_board.hpp"
#include "core/errc.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sisyphus::app {

// The flags of a worker, as they are given.
struct WorkerFlags {
  std::string id;
  std::string hostname;
  std::string state_dir;
  std::string work_dir;
  std::string modules_dir;
  std::size_t slots = 1;
  std::vector<std::string> labels;
  std::vector<std::string> resources;  // "gpu=2"
  int nice = 0;
  std::string ionice;
  std::string memory_limit;
  double min_free_gb = 0;
  double cancel_grace_s = 5;
  double heartbeat_interval_s = 5;
  double poll_interval_s = 10;
  double network_retry_s = 20;
};

void add_worker_flags(CLI::App& app, WorkerFlags& flags);

// Errc::invalid names the flag.
Result<actors::WorkerSettings> settings_of(const WorkerFlags& flags);

}  // namespace sisyphus::app
