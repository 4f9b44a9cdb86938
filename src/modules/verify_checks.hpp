#pragma once

#include "modules/media_info.hpp"
#include "modules/module.hpp"
#include "modules/verify_task.hpp"

#include <optional>
#include <string>
#include <vector>

// The checks of a verify task that need no run. Each adds to `problems` what it finds.
namespace sisyphus::modules {

// What the document alone says: every comparison has a source, and it is another file.
void check_comparisons(const boost::json::object& data, const VerifyTask& task,
                       std::vector<Problem>& problems);

// The media file that `key` ("file", "source") names. Nothing when it is yet to be written, or cannot be
// read, which is a problem.
std::optional<MediaInfo> verify_media(const std::string& key, const std::string& path, const Facts& facts,
                                      std::vector<Problem>& problems);

// The file against what is expected of it; `source` where it is known. Adds the numbers to `results`.
void check_media(const VerifyTask& task, const MediaInfo& file, const std::optional<MediaInfo>& source,
                 boost::json::object& results, std::vector<Problem>& problems);

// The source, and this ffmpeg, have what the comparisons need.
void check_comparable(const VerifyTask& task, const std::optional<MediaInfo>& source, const Facts& facts,
                      std::vector<Problem>& problems);

}  // namespace sisyphus::modules
