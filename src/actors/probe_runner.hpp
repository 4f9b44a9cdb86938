#pragma once

#include "modules/module.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <map>
#include <string>

namespace sisyphus::actors {

// Runs the probes that modules ask for, and remembers what they said of a file until it changes. One loop.
class ProbeRunner {
 public:
  explicit ProbeRunner(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Exit code 127 when the program is not there, 124 when it took longer than a minute.
  asio::awaitable<modules::ProbeResult> run(modules::Probe probe);

 private:
  asio::awaitable<modules::ProbeResult> execute(std::vector<std::string> argv);

  struct Known {
    std::string state;  // of the file: device, inode, size, time of change
    modules::ProbeResult result;
  };
  asio::any_io_executor executor_;
  std::map<std::string, Known> known_;  // by the whole command
};

}  // namespace sisyphus::actors
