#include "queue/journal_reader.hpp"

#include "queue/file_window.hpp"
#include "queue/journal_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace sisyphus::queue {
namespace {

// True when a whole frame somewhere in `bytes` says that `sequence` was on disk before it was written.
bool known_synced(std::string_view bytes, std::uint64_t sequence) {
  for (; bytes.size() >= kFrameHeaderSize; bytes.remove_prefix(kFrameAlignment)) {
    const auto frame = decode_frame(bytes);
    if (frame && frame->synced >= sequence) return true;
  }
  return false;
}

class Reader {
 public:
  Reader(FileSystem& files, const JournalRange& range, const OnRecord& on_record, std::optional<Damage>* damage)
      : files_(files), range_(range), on_record_(on_record), damage_(damage), window_(files) {}

  Result<std::optional<JournalEnd>> read() {
    auto names = files_.list(range_.directory);
    if (!names) return names.error();
    const auto exists = [&](std::uint64_t number) {
      return std::binary_search(names->begin(), names->end(), segment_name(number));
    };
    end_.segment = {range_.store_id, 1, 1, 0};
    if (range_.first > 1) {
      if (auto done = snapshot(); !done) return done.error();
    }
    std::uint64_t number = range_.first;
    for (; number < range_.end && exists(number); ++number) {
      // The file is made whole before it gets its name, so a damaged header is never the trace of a crash.
      if (auto done = segment(number, exists(number + 1)); !done) return done.error();
    }
    const bool more = std::any_of(names->begin(), names->end(), [&](const std::string& name) {
      return is_segment_name(name) && name > segment_name(number);
    });
    const bool expected = number != range_.end && (more || (number == range_.first && number > 1));
    if (expected) {
      path_ = path_of(segment_name(number));
      return corrupt(0, more ? "the segment is not there, and others are" : "the segment is not there");
    }
    if (number == range_.first) return std::optional<JournalEnd>();
    return std::optional(std::move(end_));
  }

 private:
  std::string path_of(const std::string& name) const { return range_.directory + "/" + name; }

  Error corrupt(std::uint64_t offset, const std::string& what) {
    if (damage_ != nullptr) *damage_ = Damage{path_, offset, what};
    return {Errc::io,
            fmt::format("{} is damaged at byte {}: {}. Nothing was changed. \"sisyphus journal repair {}\" tells "
                        "what can be saved",
                        path_, offset, what, range_.directory),
            {}};
  }

  Result<void> open(const std::string& name) {
    path_ = path_of(name);
    return window_.open(path_);
  }

  Result<void> snapshot() {
    if (auto opened = open(snapshot_name(range_.first)); !opened) return opened.error();
    const auto bytes = window_.at(0, kSegmentHeaderSize);
    if (!bytes) return bytes.error();
    const auto header = decode_snapshot_header(*bytes);
    if (!header) return corrupt(0, header.error().detail);
    if (header->next.store_id != range_.store_id || header->next.number != range_.first)
      return corrupt(0, "it is not the snapshot that the manifest names");
    if (header->length != window_.size())
      return corrupt(std::min(header->length, window_.size()),
                     fmt::format("it has {} bytes and should have {}", window_.size(), header->length));
    std::uint64_t offset = kSegmentHeaderSize;
    std::uint32_t checksum = 0;
    for (std::uint64_t sequence = 1; offset < header->length; ++sequence) {
      auto taken = frame(offset, sequence, checksum);
      if (!taken) return taken.error();
      if (!*taken) return corrupt(offset, fmt::format("frame {} is not whole", sequence));
      checksum = (*taken)->checksum;
      offset += frame_size((*taken)->length);
    }
    if (checksum != header->last_checksum) return corrupt(0, "its last frame is not the one that was written");
    end_.snapshot_size = header->length;
    end_.segment = header->next;
    end_.last_sequence = header->next.first_sequence - 1;
    end_.last_checksum = header->next.previous_checksum;
    return {};
  }

  Result<void> segment(std::uint64_t number, bool more) {
    if (auto opened = open(segment_name(number)); !opened) return opened.error();
    const auto bytes = window_.at(0, kSegmentHeaderSize);
    if (!bytes) return bytes.error();
    auto header = decode_segment_header(*bytes);
    if (!header) return corrupt(0, header.error().detail);
    if (header->store_id != range_.store_id) return corrupt(0, "it belongs to another journal than the manifest");
    const SegmentHeader expected{range_.store_id, number, end_.last_sequence + 1, end_.last_checksum};
    if (*header != expected) return corrupt(0, "it does not follow what is before it");
    end_.segment = *header;
    end_.segment_size[number] = window_.size();
    return frames(more);
  }

  Result<void> frames(bool more) {
    std::uint64_t offset = kSegmentHeaderSize;
    std::deque<std::pair<std::uint64_t, std::uint64_t>> unconfirmed;  // sequence and offset
    while (offset < window_.size()) {
      auto taken = frame(offset, end_.last_sequence + 1, end_.last_checksum);
      if (!taken) return taken.error();
      if (!*taken) {
        if (auto ended = tail(offset, more); !ended) return ended;
        break;
      }
      const FrameHeader& header = **taken;
      end_.last_sequence = header.sequence;
      end_.last_checksum = header.checksum;
      while (!unconfirmed.empty() && unconfirmed.front().first <= header.synced) unconfirmed.pop_front();
      unconfirmed.emplace_back(header.sequence, offset);
      offset += frame_size(header.length);
    }
    end_.offset = offset;
    end_.unconfirmed.clear();
    if (more || unconfirmed.empty()) return {};
    const std::uint64_t begin = unconfirmed.front().second;
    auto bytes = window_.at(begin, offset - begin);
    if (!bytes) return bytes.error();
    end_.unconfirmed = *bytes;
    return {};
  }

  // The frame at `offset` when it is whole and the one that comes next; its records are handed on.
  Result<std::optional<FrameHeader>> frame(std::uint64_t offset, std::uint64_t sequence, std::uint32_t previous) {
    const auto begin = window_.at(offset, kFrameHeaderSize);
    if (!begin) return begin.error();
    const auto bytes = window_.at(offset, claimed_frame_size(*begin));
    if (!bytes) return bytes.error();
    const auto header = decode_frame(*bytes);
    if (!header || header->sequence != sequence || header->previous_checksum != previous)
      return std::optional<FrameHeader>();
    std::string_view payload = payload_of(*header, *bytes);
    const RecordPlace place{path_, offset, sequence};
    while (!payload.empty()) {
      auto record = decode(payload);
      if (!record) return corrupt(offset, record.error().detail);
      if (auto taken = on_record_(std::move(*record), place); !taken) {
        if (taken.error().code != Errc::invalid) return taken.error();
        return corrupt(offset, taken.error().detail);
      }
    }
    return header;
  }

  // What stands behind the last good frame of a segment: nothing, a batch that a crash cut off, or damage.
  Result<void> tail(std::uint64_t offset, bool more) {
    auto rest = window_.at(offset, window_.size() - offset);
    if (!rest) return rest.error();
    const std::size_t end = rest->find_last_not_of('\0') + 1;
    if (end == 0) return {};
    if (more || known_synced(rest->substr(kFrameAlignment), end_.last_sequence + 1)) {
      return corrupt(offset, fmt::format("frame {} is not whole, and later ones are", end_.last_sequence + 1));
    }
    end_.torn = rest->substr(0, end);
    return {};
  }

  FileSystem& files_;
  const JournalRange& range_;
  const OnRecord& on_record_;
  std::optional<Damage>* damage_;
  FileWindow window_;
  std::string path_;
  JournalEnd end_;
};

}  // namespace

Result<std::optional<JournalEnd>> read_journal(FileSystem& files, const JournalRange& range,
                                               const OnRecord& on_record, std::optional<Damage>* damage) {
  return Reader(files, range, on_record, damage).read();
}

}  // namespace sisyphus::queue
