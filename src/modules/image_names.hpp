#pragma once

#include <string>
#include <vector>

// ffmpeg takes "%d" and "%03d" in the path of a picture, its folders included, for the picture's number.
namespace sisyphus::modules {

// Whether ffmpeg would read or write numbered pictures under this path.
bool is_image_sequence(const std::string& path);

// What keeps ffmpeg from doing so with the source that follows, where a file of that very name is there.
std::vector<std::string> literal_image_options(const std::string& absolute);

// Whether a number would be looked for in the folder of an output, where none was meant.
bool folder_spoils_image_sequence(const std::string& absolute);

}  // namespace sisyphus::modules
