#include "queue/journal_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace sisyphus::queue {
namespace {

Error corrupt(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {
      Errc::io,
      fmt::format(
          "{} is damaged at byte {}: {}. Nothing was changed; keep a copy of the folder before any repair",
          path, offset, what),
      {}};
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

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
  Reader(FileSystem& files, const std::string& directory,
         const std::function<Result<void>(const Record&)>& on_record)
      : files_(files), directory_(directory), on_record_(on_record) {}

  Result<std::optional<JournalEnd>> read(std::uint64_t first_segment) {
    auto names = files_.list(directory_);
    if (!names) return names.error();
    const auto exists = [&](std::uint64_t number) {
      return std::binary_search(names->begin(), names->end(), segment_name(number));
    };
    std::uint64_t number = first_segment;
    for (; exists(number); ++number) {
      // The file is made whole before it gets its name, so a damaged header is never the trace of a crash.
      if (auto done = segment(number, number == first_segment, exists(number + 1)); !done)
        return done.error();
    }
    const bool more = std::any_of(names->begin(), names->end(), [&](const std::string& name) {
      return is_segment_name(name) && (name > segment_name(number) || number == first_segment);
    });
    if (more)
      return corrupt(directory_ + "/" + segment_name(number), 0, "the segment is not there, and others are");
    if (number == first_segment) return std::optional<JournalEnd>();
    return std::optional(std::move(end_));
  }

 private:
  Result<void> segment(std::uint64_t number, bool first, bool more) {
    const std::string path = directory_ + "/" + segment_name(number);
    auto bytes = files_.read(path);
    if (!bytes) return bytes.error();
    auto header = decode_segment_header(*bytes);
    if (!header) return corrupt(path, 0, header.error().detail);
    const bool follows =
        header->number == number && (first || (header->store_id == end_.segment.store_id &&
                                               header->first_sequence == end_.last_sequence + 1 &&
                                               header->previous_checksum == end_.last_checksum));
    if (!follows) return corrupt(path, 0, "it does not follow the segment before it");
    if (first) {
      end_.last_sequence = header->first_sequence - 1;
      end_.last_checksum = header->previous_checksum;
    }
    end_.segment = *header;
    end_.segment_size = bytes->size();
    return frames(path, *bytes, more);
  }

  Result<void> frames(const std::string& path, std::string_view bytes, bool more) {
    std::uint64_t offset = kSegmentHeaderSize;
    std::deque<std::pair<std::uint64_t, std::uint64_t>> unconfirmed;  // sequence and offset
    while (offset < bytes.size()) {
      const std::string_view rest = bytes.substr(offset);
      const auto frame = decode_frame(rest);
      const bool next = frame && frame->sequence == end_.last_sequence + 1 &&
                        frame->previous_checksum == end_.last_checksum;
      if (!next) {
        if (all_zero(rest)) break;
        if (more || known_synced(rest.substr(kFrameAlignment), end_.last_sequence + 1)) {
          return corrupt(path, offset,
                         fmt::format("frame {} is not whole, and later ones are", end_.last_sequence + 1));
        }
        end_.torn = rest.substr(0, rest.find_last_not_of('\0') + 1);
        break;
      }
      if (auto done = records(path, offset, payload_of(*frame, rest)); !done) return done.error();
      end_.last_sequence = frame->sequence;
      end_.last_checksum = frame->checksum;
      while (!unconfirmed.empty() && unconfirmed.front().first <= frame->synced) unconfirmed.pop_front();
      unconfirmed.emplace_back(frame->sequence, offset);
      offset += frame_size(frame->length);
    }
    end_.offset = offset;
    const std::uint64_t begin = unconfirmed.empty() ? offset : unconfirmed.front().second;
    end_.unconfirmed = bytes.substr(begin, offset - begin);
    return {};
  }

  Result<void> records(const std::string& path, std::uint64_t offset, std::string_view payload) {
    while (!payload.empty()) {
      auto record = decode(payload);
      if (!record) return corrupt(path, offset, record.error().detail);
      if (auto taken = on_record_(*record); !taken) return corrupt(path, offset, taken.error().detail);
    }
    return {};
  }

  FileSystem& files_;
  const std::string& directory_;
  const std::function<Result<void>(const Record&)>& on_record_;
  JournalEnd end_;
};

}  // namespace

bool is_segment_name(std::string_view name) {
  return name.size() == segment_name(1).size() && name.starts_with("journal-") && name.ends_with(".log");
}

std::string segment_name(std::uint64_t number) {
  return fmt::format("journal-{:010}.log", number);
}

Result<std::optional<JournalEnd>> read_journal(FileSystem& files, const std::string& directory,
                                               std::uint64_t first_segment,
                                               const std::function<Result<void>(const Record&)>& on_record) {
  return Reader(files, directory, on_record).read(first_segment);
}

}  // namespace sisyphus::queue
