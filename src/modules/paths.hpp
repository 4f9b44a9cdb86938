#pragma once

#include <string>
#include <string_view>

namespace sisyphus::modules {

// `path` made absolute as Python's Path.absolute() does it, from the absolute `folder`: single slashes (two
// at the very front stay, as POSIX gives them a meaning), no "." parts, no slash at the end; ".." stays,
// because a folder before it may be a symbolic link.
std::string absolute_path(std::string_view path, std::string_view folder);

// The same, and ".." taken away by its letters: for comparing paths, and the form that Facts holds.
std::string normal_path(std::string_view path, std::string_view folder);

std::string parent_folder(const std::string& absolute);  // "/" for "/x"
std::string base_name(const std::string& absolute);      // "x" for "/a/x"
std::string join_path(const std::string& folder, const std::string& name);

// What is at a path; symbolic links are followed.
enum class PathKind { missing, file, folder, other };
PathKind path_kind(const std::string& path);

// The path with every symbolic link resolved as far as it exists; the path itself where that cannot be told.
std::string real_path(const std::string& absolute);

}  // namespace sisyphus::modules
