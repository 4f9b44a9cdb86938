#pragma once

#include "app/command.hpp"

#include <span>

namespace sisyphus::app {

// Reads the arguments, the environment and the configuration file (in this order: what is said first counts)
// and runs the command that was chosen. Wrong usage is told on standard error. Returns the process's exit
// code.
int run_command_line(std::span<const Command> commands, int argc, const char* const* argv);

}  // namespace sisyphus::app
