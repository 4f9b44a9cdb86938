#pragma once

#include "modules/verify_task.hpp"

#include <string>
#include <vector>

namespace sisyphus::modules {

// The run that decodes the file, compares its pictures with those of the source, or both. Writes nothing.
std::vector<std::string> verify_run_argv(const VerifyTask& task, const std::string& ffmpeg);

}  // namespace sisyphus::modules
