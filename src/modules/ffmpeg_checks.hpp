#pragma once

#include "modules/ffmpeg_task.hpp"
#include "modules/media_info.hpp"
#include "modules/module.hpp"

#include <map>
#include <string>
#include <vector>

// What can be wrong with an ffmpeg task that its schema cannot say. Each adds to `problems` what it finds.
namespace sisyphus::modules {

// The probe of a source, and the key it is filed under. `absolute` as absolute_path() gives it.
Probe source_probe(const std::string& absolute);

void check_source_indexes(const FfmpegTask& task, std::vector<Problem>& problems);

// Every source is a media file, or will be one. Returns what is known of them, by index.
std::map<std::size_t, MediaInfo> check_sources(const FfmpegTask& task, const Facts& facts,
                                               std::vector<Problem>& problems);

// Every map that is not optional finds a stream, in the sources of which something is known for good.
void check_source_maps(const FfmpegTask& task, const Facts& facts,
                       const std::map<std::size_t, MediaInfo>& sources, std::vector<Problem>& problems);

// The output can be written there, and is none of the sources.
void check_output_file(const FfmpegTask& task, const Facts& facts, std::vector<Problem>& problems);

}  // namespace sisyphus::modules
