#pragma once

#include "modules/ffmpeg_task.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// What ffmpeg and ffprobe may open, whatever a playlist inside a source says: no network.
inline constexpr const char* kLocalProtocols = "file,pipe,crypto,data";

// What follows an option's name for its value in the document; nothing where the name stands alone or is left
// out.
std::optional<std::string> ffmpeg_argument(const boost::json::value& value);

// The vector that the original builds: program by base name, sources as given, the output absolute.
std::vector<std::string> ffmpeg_argv(const FfmpegTask& task, const std::string& working_directory);

// What is executed. `program` and `staged` are absolute; the target itself is guarded by Output::replace, so
// ffmpeg is always let to write the staged file.
std::vector<std::string> ffmpeg_run_argv(const FfmpegTask& task, const std::string& working_directory,
                                         const std::string& program, const std::string& staged);

}  // namespace sisyphus::modules
