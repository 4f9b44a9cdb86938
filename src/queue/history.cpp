#include "queue/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace sisyphus::queue {
namespace {

constexpr std::string_view kFolder = "/history";

std::string file_name(std::uint64_t segment) {
  return fmt::format("text-{:010}.log", segment);
}

std::optional<std::uint64_t> number_of(std::string_view name) {
  constexpr std::size_t kBegin = std::string_view("text-").size();
  if (name.size() < kBegin) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(name.data() + kBegin, name.data() + name.size(), number);
  if (number == 0 || name != file_name(number)) return std::nullopt;
  return number;
}

}  // namespace

std::string history_path(const std::string& directory, std::uint64_t segment) {
  return fmt::format("{}{}/{}", directory, kFolder, file_name(segment));
}

Result<HistoryText> read_history(FileSystem& files, const std::string& directory, const HistoryPlace& place,
                                 const JobId& job) {
  const std::string path = history_path(directory, place.segment);
  std::string bytes(place.size, '\0');
  if (auto read = files.read_at(path, place.offset, bytes); !read) return read.error();
  auto text = decode_history_entry(bytes, job);
  if (!text) return Error{Errc::io, fmt::format("{} is damaged at byte {}", path, place.offset), {}};
  return std::move(*text);
}

Result<std::uint64_t> history_size(FileSystem& files, const std::string& directory) {
  const std::string folder = directory + std::string(kFolder);
  auto names = files.list(directory);
  if (!names) return names.error();
  if (!std::binary_search(names->begin(), names->end(), folder.substr(directory.size() + 1))) return 0;
  names = files.list(folder);
  if (!names) return names.error();
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) {
    // A server may have removed it meanwhile: then it has no size.
    if (!number_of(name)) continue;
    if (const auto size = files.size(folder + "/" + name)) bytes += *size;
  }
  return bytes;
}

Result<std::unique_ptr<History>> History::open(FileSystem& files, const std::string& directory,
                                               const HistorySpace& space) {
  std::unique_ptr<History> history(new History(files, directory + std::string(kFolder)));
  if (auto made = files.make_directory(history->folder_); !made) return made.error();
  if (auto found = history->find_files(space); !found) return found.error();
  if (auto going_on = history->go_on(space); !going_on) return going_on.error();
  return history;
}

Result<void> History::find_files(const HistorySpace& space) {
  auto names = files_.list(folder_);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto number = number_of(name);
    if (number) end_.segment = std::max(end_.segment, *number);
    if (number && space.used().contains(*number)) {
      there_.insert(*number);
    } else if (number || name.ends_with(".tmp")) {
      if (auto removed = files_.remove(folder_ + "/" + name); !removed)
        troubles_.push_back(removed.error().detail);
    }
  }
  for (const auto& [number, used] : space.used()) {
    end_.segment = std::max(end_.segment, number);
    if (!there_.contains(number)) {
      troubles_.push_back(fmt::format("{}/{} is not there: the texts of {} finished jobs are lost", folder_,
                                      file_name(number), used.entries));
    }
  }
  return {};
}

// Behind all that is there and all that is referred to, be it there or not: no place is used twice.
Result<void> History::go_on(const HistorySpace& space) {
  end_.offset = kHistoryHeaderSize;
  if (!there_.contains(end_.segment)) {
    ++end_.segment;
    return {};
  }
  const std::string path = folder_ + "/" + file_name(end_.segment);
  std::string header(kHistoryHeaderSize, '\0');
  if (auto read = files_.read_at(path, 0, header); !read) return read;
  if (!is_history_header(header, end_.segment)) {
    troubles_.push_back(path + " is damaged at byte 0: its header is not what it should be");
    ++end_.segment;
    return {};
  }
  auto size = files_.size(path);
  if (!size) return size.error();
  auto file = files_.open(path);
  if (!file) return file.error();
  file_ = std::move(*file);
  number_ = end_.segment;
  end_.offset = std::max(*size, space.used().at(end_.segment).end);
  // Without `fsync always` the journal may have been written to disk and this not.
  return file_->sync();
}

bool History::is_long(const HistoryWork& work) const {
  return !work.erased.empty() || !work.unused.empty() ||
         std::any_of(work.pieces.begin(), work.pieces.end(),
                     [this](const HistoryPiece& piece) { return piece.segment != number_; });
}

Result<std::vector<HistoryLost>> History::write(const std::vector<HistoryPiece>& pieces,
                                                std::string& records) {
  std::vector<HistoryLost> lost;
  for (const HistoryPiece& piece : pieces) {
    if (piece.segment != number_) {  // an error of this is never one of lacking room: it is not tried again
      if (auto synced = sync(); !synced) return synced.error();
    }
    const auto written = write(piece);
    if (written) continue;
    if (written.error().code != Errc::storage_full) return written.error();
    lost.push_back({piece.segment, piece.offset, piece.offset + piece.bytes.size()});
    encode(lost.back(), records);
  }
  return lost;
}

Result<void> History::write(const HistoryPiece& piece) {
  if (number_ != piece.segment) {
    if (auto begun = begin_segment(piece.segment); !begun) return begun;
  }
  dirty_ = true;
  return file_->write_at(piece.offset, piece.bytes);
}

Result<void> History::begin_segment(std::uint64_t number) {
  const std::string path = folder_ + "/" + file_name(number);
  const std::string made_as = path + ".tmp";
  auto file = files_.create(made_as);
  if (!file) return file.error();
  if (auto written = (*file)->write_at(0, encode_history_header(number)); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto renamed = files_.rename(made_as, path); !renamed) return renamed;
  if (auto synced = files_.sync_directory(folder_); !synced) return synced;
  file_ = std::move(*file);
  number_ = number;
  there_.insert(number);
  return {};
}

Result<void> History::sync() {
  if (!dirty_) return {};
  if (auto synced = file_->sync(); !synced) return synced;
  dirty_ = false;
  return {};
}

Result<void> History::clean_up(const HistoryWork& work) {
  for (const HistoryPlace& place : work.erased) {
    if (!there_.contains(place.segment)) continue;
    auto file = files_.open(folder_ + "/" + file_name(place.segment));
    if (!file) return file.error();
    if (auto written = (*file)->write_at(place.offset, std::string(place.size, '\0')); !written)
      return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
  }
  for (const std::uint64_t segment : work.unused) {
    if (segment == number_) {
      file_.reset();
      number_ = 0;
      dirty_ = false;
    }
    if (there_.erase(segment) == 0) continue;
    if (auto removed = files_.remove(folder_ + "/" + file_name(segment)); !removed) return removed;
  }
  return {};
}

}  // namespace sisyphus::queue
