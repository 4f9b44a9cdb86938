#include "actors/child_process.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

// The guard is a subcommand of `sisyphus`, not of this program.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  spdlog::set_level(spdlog::level::off);  // tests that assert log lines put their own logger in place
  if (const char* const binary = std::getenv("SISYPHUS_BINARY")) sisyphus::actors::set_guard_program(binary);
  return RUN_ALL_TESTS();
}
