#pragma once

#include <string_view>

namespace sisyphus::modules {

// How HandBrakeCLI 1.6.1 takes the argument of an option, as its own table for getopt_long says.
enum class HandbrakeArgument {
  none,      // --option
  required,  // --option value
  optional,  // --option or --option=value; a value that stands apart is silently ignored
};

// One option of a handbrake task.
struct HandbrakeOption {
  std::string_view key;   // in the task: "max_height"
  std::string_view name;  // on the command line, without the dashes: "maxHeight"
  HandbrakeArgument argument = HandbrakeArgument::none;
  std::string_view on = {};   // what `true` stands for where an argument is required
  std::string_view off = {};  // what `false` stands for where there is a word for it
  bool negative = false;      // whether `false` is --no-name
};

// Null for a key that is no option.
const HandbrakeOption* find_handbrake_option(std::string_view key);

}  // namespace sisyphus::modules
