#pragma once

#include <string>

namespace sisyphus::app {

struct RepairOptions {
  std::string directory;
  bool yes = false;  // without asking
  bool json = false;
};

// `sisyphus journal repair`: says what is lost, asks, repairs. The exit code.
int repair_journal(const RepairOptions& options);

}  // namespace sisyphus::app
