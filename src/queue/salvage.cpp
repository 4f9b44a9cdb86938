#include "queue/salvage.hpp"

#include "queue/file_window.hpp"
#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sisyphus::queue {
namespace {

constexpr std::uint64_t kUnknownSize = 1U << 30;  // of a file that is not there

std::uint64_t number_in(std::string_view name) {
  std::uint64_t number = 0;
  const std::size_t begin = name.find('-') + 1;
  std::from_chars(name.data() + begin, name.data() + name.size(), number);
  return number;
}

class Salvager {
 public:
  Salvager(FileSystem& files, const std::string& directory, const OnRecord& on_record)
      : files_(files), directory_(directory), on_record_(on_record), window_(files) {}

  Result<Salvaged> run() {
    if (auto found = find_files(); !found) return found.error();
    if (first_ > 1) {
      if (auto done = file(snapshot_name(first_)); !done) return done.error();
      out_.last_sequence = 0;  // those of a snapshot are its own
      chained_ = false;
    }
    for (std::uint64_t number = first_; number <= out_.last_segment; ++number) {
      if (auto done = file(segment_name(number)); !done) return done.error();
    }
    return std::move(out_);
  }

 private:
  std::string path_of(const std::string& name) const { return directory_ + "/" + name; }

  Result<void> find_files() {
    auto names = files_.list(directory_);
    if (!names) return names.error();
    std::uint64_t lowest = 0;
    std::uint64_t snapshot = 0;
    for (const std::string& name : *names) {
      if (is_snapshot_name(name)) snapshot = std::max(snapshot, number_in(name));
      if (!is_segment_name(name)) continue;
      out_.last_segment = std::max(out_.last_segment, number_in(name));
      if (lowest == 0) lowest = number_in(name);
    }
    if (out_.last_segment == 0 && snapshot == 0) return not_found(directory_ + " holds no journal");
    out_.last_segment = std::max(out_.last_segment, snapshot);
    auto manifest = read_manifest(files_, directory_);
    if (manifest && *manifest) {
      out_.store_id = (*manifest)->store_id;
      first_ = (*manifest)->first_segment;
      return {};
    }
    if (!manifest && manifest.error().code != Errc::io) return manifest.error();
    out_.losses.push_back({manifest_path(directory_), 0, 0, "it cannot be read", 0, 0});
    out_.store_id = make_uuid();
    first_ = snapshot != 0 ? snapshot : std::max<std::uint64_t>(lowest, 1);
    return {};
  }

  Result<void> file(const std::string& name) {
    path_ = path_of(name);
    auto names = files_.list(directory_);
    if (!names) return names.error();
    if (!std::binary_search(names->begin(), names->end(), name)) {
      lose(0, kUnknownSize, "it is not there");
      return {};
    }
    if (auto opened = window_.open(path_); !opened) return opened;
    auto bytes = window_.at(0, kSegmentHeaderSize);
    if (!bytes) return bytes.error();
    const bool right = is_snapshot_name(name) ? decode_snapshot_header(*bytes).has_value()
                                              : decode_segment_header(*bytes).has_value();
    if (!right) lose(0, std::min<std::uint64_t>(kSegmentHeaderSize, window_.size()), "its header is damaged");
    return frames();
  }

  Result<void> frames() {
    std::uint64_t offset = kSegmentHeaderSize;
    while (offset < window_.size()) {
      auto header = frame_at(offset);
      if (!header) return header.error();
      const bool follows = *header && (*header)->sequence == out_.last_sequence + 1 &&
                           (*header)->previous_checksum == checksum_;
      if (*header && !follows && chained_) note_gap(offset, **header);
      if (*header) {
        if (auto done = records(offset, **header); !done) return done;
        offset += frame_size((*header)->length);
        continue;
      }
      auto next = next_frame(offset + kFrameAlignment);
      if (!next) return next.error();
      if (*next == window_.size()) return rest(offset);
      lose(offset, *next, "it is not whole");
      offset = *next;
    }
    return {};
  }

  // A whole frame that is later than those before it.
  Result<std::optional<FrameHeader>> frame_at(std::uint64_t offset) {
    auto begin = window_.at(offset, kFrameHeaderSize);
    if (!begin) return begin.error();
    const std::uint64_t size = claimed_frame_size(*begin);
    if (size == 0 || size > window_.size() - offset) return std::optional<FrameHeader>();
    auto bytes = window_.at(offset, size);
    if (!bytes) return bytes.error();
    auto header = decode_frame(*bytes);
    if (header && header->sequence <= out_.last_sequence) header.reset();
    return header;
  }

  Result<std::uint64_t> next_frame(std::uint64_t offset) {
    for (; offset < window_.size(); offset += kFrameAlignment) {
      auto header = frame_at(offset);
      if (!header) return header.error();
      if (*header) return offset;
    }
    return window_.size();
  }

  // Behind the last frame of a file stand zeros.
  Result<void> rest(std::uint64_t offset) {
    auto bytes = window_.at(offset, window_.size() - offset);
    if (!bytes) return bytes.error();
    const std::size_t end = bytes->find_last_not_of('\0') + 1;
    if (end != 0) lose(offset, offset + end, "it is not whole, and nothing whole follows in this file");
    return {};
  }

  Result<void> records(std::uint64_t offset, const FrameHeader& header) {
    auto bytes = window_.at(offset, frame_size(header.length));
    if (!bytes) return bytes.error();
    std::string_view payload = payload_of(header, *bytes);
    out_.last_sequence = header.sequence;
    checksum_ = header.checksum;
    chained_ = true;
    const RecordPlace place{path_, offset, header.sequence};
    while (!payload.empty()) {
      auto record = decode(payload);
      if (!record) {
        lose(offset, offset + frame_size(header.length), record.error().detail);
        out_.losses.back().first_sequence = out_.losses.back().last_sequence = header.sequence;
        return {};
      }
      ++out_.records;
      if (auto taken = on_record_(std::move(*record), place); !taken) return taken;
    }
    return {};
  }

  void lose(std::uint64_t begin, std::uint64_t end, std::string what) {
    out_.losses.push_back({path_, begin, end, std::move(what), 0, 0});
  }

  // The batches between the last one and this one are gone: those of the loss that was found just before, or,
  // when there was none, of one that left no trace.
  void note_gap(std::uint64_t offset, const FrameHeader& header) {
    if (header.sequence == out_.last_sequence + 1)
      return lose(offset, offset, "it does not follow what is before it");
    if (out_.losses.empty() || out_.losses.back().last_sequence != 0)
      lose(offset, offset, "batches are missing");
    out_.losses.back().first_sequence = out_.last_sequence + 1;
    out_.losses.back().last_sequence = header.sequence - 1;
  }

  FileSystem& files_;
  const std::string& directory_;
  const OnRecord& on_record_;
  FileWindow window_;
  std::string path_;
  std::uint64_t first_ = 1;
  std::uint32_t checksum_ = 0;
  bool chained_ = true;  // the next frame should follow the last one
  Salvaged out_;
};

}  // namespace

Result<Salvaged> salvage(FileSystem& files, const std::string& directory, const OnRecord& on_record) {
  return Salvager(files, directory, on_record).run();
}

}  // namespace sisyphus::queue
