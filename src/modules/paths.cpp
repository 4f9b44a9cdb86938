#include "modules/paths.hpp"

#include <filesystem>
#include <system_error>

namespace sisyphus::modules {

namespace fs = std::filesystem;

std::string absolute_path(std::string_view path, std::string_view folder) {
  if (!path.starts_with('/')) {
    return absolute_path(join_path(std::string(folder), std::string(path)), "/");
  }
  std::string absolute = path.starts_with("//") && !path.starts_with("///") ? "/" : "";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (!part.empty() && part != ".") {
      absolute += '/';
      absolute += part;
    }
    at = end + 1;
  }
  if (absolute.empty() || absolute == "/") absolute += '/';
  return absolute;
}

std::string normal_path(std::string_view path, std::string_view folder) {
  std::string absolute = absolute_path(path, folder);
  if (absolute.starts_with("//")) absolute.erase(0, 1);
  std::string normal = fs::path(absolute).lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

std::string parent_folder(const std::string& absolute) {
  const std::size_t slash = absolute.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : absolute.substr(0, slash);
}

std::string base_name(const std::string& absolute) {
  return absolute.substr(absolute.rfind('/') + 1);
}

std::string join_path(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

PathKind path_kind(const std::string& path) {
  // A file behind a folder that may not be entered cannot be used either: missing, too.
  std::error_code code;
  switch (fs::status(path, code).type()) {
    case fs::file_type::none:
    case fs::file_type::not_found:
      return PathKind::missing;
    case fs::file_type::regular:
      return PathKind::file;
    case fs::file_type::directory:
      return PathKind::folder;
    default:
      return PathKind::other;
  }
}

std::string real_path(const std::string& absolute) {
  std::error_code code;
  const fs::path real = fs::weakly_canonical(absolute, code);
  return code ? absolute : real.string();
}

}  // namespace sisyphus::modules
