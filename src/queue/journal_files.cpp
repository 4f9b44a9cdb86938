#include "queue/journal_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace sisyphus::queue {
namespace {

bool is_numbered(std::string_view name, std::string_view like) {
  const std::size_t dash = like.find('-');
  const std::size_t dot = like.find('.');
  const std::string_view number = name.substr(0, dot).substr(std::min(dash + 1, name.size()));
  return name.size() == like.size() && name.substr(0, dash) == like.substr(0, dash) &&
         name.substr(dot) == like.substr(dot) &&
         number.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_earlier(const std::string& name, std::uint64_t first) {
  return (is_segment_name(name) && name < segment_name(first)) ||
         (is_snapshot_name(name) && name < snapshot_name(first));
}

Result<void> remove_those(FileSystem& files, const std::string& directory,
                          const std::function<bool(const std::string&)>& outdated) {
  auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!outdated(name)) continue;
    if (auto removed = files.remove(directory + "/" + name); !removed) return removed;
  }
  return {};
}

}  // namespace

std::string segment_name(std::uint64_t number) {
  return fmt::format("journal-{:010}.log", number);
}

std::string snapshot_name(std::uint64_t number) {
  return fmt::format("snapshot-{:010}.log", number);
}

std::string damaged_path(const std::string& directory, std::uint64_t number) {
  return fmt::format("{}/damaged-{:010}", directory, number);
}

std::string spare_name(std::uint64_t number) {
  return segment_name(number) + ".next";
}

bool is_segment_name(std::string_view name) {
  return is_numbered(name, segment_name(1));
}

bool is_snapshot_name(std::string_view name) {
  return is_numbered(name, snapshot_name(1));
}

Result<std::unique_ptr<File>> make_zeroed(FileSystem& files, const std::string& path, std::uint64_t size) {
  auto file = files.create(path);
  if (!file) return file.error();
  const std::string zeros(static_cast<std::size_t>(std::min<std::uint64_t>(size, 1U << 20)), '\0');
  for (std::uint64_t at = 0; at < size; at += zeros.size()) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), size - at));
    if (auto written = (*file)->write_at(at, std::string_view(zeros).substr(0, piece)); !written) {
      const Error error = written.error();
      if (auto removed = files.remove(path); !removed) return removed.error();
      return error;
    }
  }
  if (auto synced = (*file)->sync(); !synced) return synced.error();
  return file;
}

Result<void> install_segment(FileSystem& files, const std::string& directory, File& file,
                             const std::string& made_as, const SegmentHeader& header) {
  if (auto written = file.write_at(0, encode_segment_header(header)); !written) return written;
  if (auto synced = file.sync(); !synced) return synced;
  if (auto renamed = files.rename(made_as, directory + "/" + segment_name(header.number)); !renamed)
    return renamed;
  return files.sync_directory(directory);
}

Result<void> remove_outdated(FileSystem& files, const std::string& directory, std::uint64_t first) {
  return remove_those(files, directory, [first](const std::string& name) {
    // A later snapshot is one that a compaction made and did not come to name.
    return is_earlier(name, first) || (is_snapshot_name(name) && name != snapshot_name(first));
  });
}

Result<void> put_earlier_aside(FileSystem& files, const std::string& directory, std::uint64_t first,
                               const std::string& folder) {
  auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!is_earlier(name, first)) continue;
    if (auto moved = files.rename(directory + "/" + name, folder + "/" + name); !moved) return moved;
  }
  if (auto synced = files.sync_directory(folder); !synced) return synced;
  return files.sync_directory(directory);
}

Result<void> remove_unfinished(FileSystem& files, const std::string& directory) {
  return remove_those(files, directory, [](const std::string& name) {
    return name.ends_with(".tmp") ||
           (name.ends_with(".next") && is_segment_name(name.substr(0, name.rfind('.'))));
  });
}

}  // namespace sisyphus::queue
