#pragma once

#include "modules/media_info.hpp"
#include "modules/verify_task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The run that decodes the file, compares its pictures with those of the source, or both. Writes nothing.
// Each measure is told several times, once for each way of laying the films upon each other; the best counts.
// `file`, `source`: where they are known.
std::vector<std::string> verify_run_argv(const VerifyTask& task, const std::string& ffmpeg,
                                         const std::optional<MediaInfo>& file,
                                         const std::optional<MediaInfo>& source);

}  // namespace sisyphus::modules
