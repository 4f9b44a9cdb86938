#pragma once

#include "modules/ffmpeg_task.hpp"
#include "modules/media_info.hpp"
#include "modules/module.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The kind of each track that the output will have (Plan::stream_types), from the source maps: of sources
// that are there, that earlier tasks write, or by the map's own specifier. Empty where one of them cannot be
// told, where options choose streams too, and for containers whose tracks mkvmerge may number otherwise.
std::optional<std::vector<std::string>> ffmpeg_stream_types(const FfmpegTask& task, const Facts& facts,
                                                            const std::map<std::size_t, MediaInfo>& sources);

}  // namespace sisyphus::modules
