#include "queue/history_space.hpp"

#include "queue/history_format.hpp"

#include <algorithm>
#include <utility>

namespace sisyphus::queue {

std::optional<std::string_view> find(const std::vector<HistoryPiece>& pieces, const HistoryPlace& place) {
  for (const HistoryPiece& piece : pieces) {
    const bool inside = piece.segment == place.segment && piece.offset <= place.offset &&
                        place.offset + place.size <= piece.offset + piece.bytes.size();
    if (inside) return std::string_view(piece.bytes).substr(place.offset - piece.offset, place.size);
  }
  return std::nullopt;
}

void HistorySpace::begin_at(const HistoryPlace& end) {
  segment_ = end.segment;
  offset_ = end.offset;
  emptied_.clear();  // in replay: those files are found when the folder is opened
}

HistoryPlace HistorySpace::add(const JobId& job, std::string_view message, std::string_view info) {
  const std::uint64_t size = history_entry_size(message, info);
  if (offset_ + size > segment_size_ && offset_ > kHistoryHeaderSize) {
    if (!used_.contains(segment_)) emptied_.push_back(segment_);
    ++segment_;
    offset_ = kHistoryHeaderSize;
  }
  if (work_.pieces.empty() || work_.pieces.back().segment != segment_)
    work_.pieces.push_back({segment_, offset_, {}});
  encode_history_entry(job, message, info, work_.pieces.back().bytes);
  return {segment_, std::exchange(offset_, offset_ + size), size};
}

void HistorySpace::take(const HistoryPlace& place) {
  if (!place) return;
  Used& used = used_[place.segment];
  ++used.entries;
  used.end = std::max(used.end, place.offset + place.size);
}

void HistorySpace::drop(const HistoryPlace& place) {
  const auto found = used_.find(place.segment);
  if (found == used_.end() || --found->second.entries != 0) return;
  used_.erase(found);
  emptied_.push_back(place.segment);
}

HistoryWork HistorySpace::take_work() {
  // The segment that is being filled goes when the next one is begun.
  for (const std::uint64_t segment : std::exchange(emptied_, {})) {
    if (segment != segment_ && !used_.contains(segment)) work_.unused.push_back(segment);
  }
  return std::exchange(work_, {});
}

}  // namespace sisyphus::queue
