#include "modules/mkv_attachments.hpp"

#include "core/utf8.hpp"
#include "modules/paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <system_error>

namespace sisyphus::modules {

namespace fs = std::filesystem;

bool has_known_type(std::string_view name) {
  static const std::set<std::string, std::less<>> kExtensions{
      // fonts
      "ttf", "otf", "ttc", "otc", "woff", "woff2", "pfb", "pfa", "pfm", "afm", "fon", "eot",
      // pictures
      "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "webp", "tif", "tiff", "svg", "ico", "avif", "heic",
      "jxl", "psd", "xcf",
      // texts and documents
      "txt", "text", "log", "md", "nfo", "csv", "tsv", "xml", "json", "yaml", "yml", "toml", "ini", "html",
      "htm", "xhtml", "css", "js", "pdf", "rtf", "doc", "docx", "odt", "ods", "odp", "xls", "xlsx", "ppt",
      "pptx", "epub", "ps", "sh", "py", "cue", "m3u", "m3u8", "torrent",
      // subtitles
      "srt", "ass", "ssa", "sub", "idx", "sup", "vtt", "ttml", "usf",
      // sound and film
      "mkv", "mka", "mks", "webm", "mp4", "m4a", "m4v", "mov", "avi", "ts", "m2ts", "mpg", "mpeg", "ogg",
      "oga", "ogv", "opus", "flac", "mp3", "mp2", "aac", "ac3", "eac3", "dts", "wav", "wma", "wmv", "flv",
      "aiff", "mid", "midi",
      // archives
      "zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "tar"};
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;  // ".ttf" has a name and no extension
  std::string extension(name.substr(dot + 1));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return kExtensions.contains(extension);
}

std::vector<Attachment> attachments_in(const std::string& folder, const std::string& pointer,
                                       const Facts& facts, Planned& planned) {
  std::set<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    if (path_kind(entry->path().string()) == PathKind::file) names.insert(entry->path().filename().string());
  }
  if (code) {
    planned.problems.push_back({Problem::Kind::environment, pointer,
                                fmt::format("the folder {} cannot be listed: {}", folder, code.message())});
    return {};
  }
  if (!facts.earlier_tasks_done) {
    const std::string normal = normal_path(folder, facts.working_directory);
    for (const std::string& path : facts.written_before) {
      if (parent_folder(path) == normal) names.insert(base_name(path));
    }
  }
  std::vector<Attachment> attachments;
  for (const std::string& name : names) {
    if (to_valid_utf8(name) != name) {
      planned.warnings.push_back(
          fmt::format("not attached: {} in {}, as its name is not UTF-8", to_valid_utf8(name), folder));
    } else if (!has_known_type(name)) {
      planned.warnings.push_back(
          fmt::format("not attached: {} in {}, as its type is not known; name it in attachments to attach it",
                      name, folder));
    } else {
      attachments.push_back({join_path(folder, name), {}, {}});
    }
  }
  return attachments;
}

}  // namespace sisyphus::modules
