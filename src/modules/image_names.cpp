#include "modules/image_names.hpp"

#include "modules/paths.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace sisyphus::modules {
namespace {

// Those of `ffmpeg -h muxer=image2` (5.1).
bool is_image(const std::string& path) {
  static const std::set<std::string, std::less<>> kExtensions{
      "bmp",    "dpx", "exr", "jls", "jpeg", "jpg",    "jxl", "ljpg", "pam",   "pbm", "pcx", "pfm",  "pgm",
      "pgmyuv", "phm", "png", "ppm", "sgi",  "tga",    "tif", "tiff", "jp2",   "j2c", "j2k", "xwd",  "sun",
      "ras",    "rs",  "im1", "im8", "im24", "sunras", "vbn", "xbm",  "xface", "pix", "y",   "avif", "qoi"};
  const std::string name = base_name(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) return false;
  std::string extension = name.substr(dot + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return kExtensions.contains(extension);
}

// As ffmpeg counts: one number, "%%" for a percent sign, and no other "%".
bool has_number(const std::string& text) {
  bool found = false;
  for (std::size_t at = text.find('%'); at != std::string::npos; at = text.find('%', at)) {
    const std::size_t end = text.find_first_not_of("0123456789", at + 1);
    if (end == std::string::npos) return false;
    if (text[end] == 'd' && !found) {
      found = true;
    } else if (text[end] != '%') {
      return false;
    }
    at = end + 1;
  }
  return found;
}

}  // namespace

bool is_image_sequence(const std::string& path) {
  return is_image(path) && has_number(path);
}

std::vector<std::string> literal_image_options(const std::string& absolute) {
  if (!is_image_sequence(absolute) || path_kind(absolute) != PathKind::file) return {};
  return {"-f", "image2", "-pattern_type", "none"};
}

bool folder_spoils_image_sequence(const std::string& absolute) {
  if (!is_image(absolute) || parent_folder(absolute).find('%') == std::string::npos) return false;
  return has_number(absolute) || has_number(base_name(absolute));
}

}  // namespace sisyphus::modules
