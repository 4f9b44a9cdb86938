#pragma once

#include "core/ids.hpp"
#include "queue/history_place.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::queue {

// Entries that stand one behind the other in one segment.
struct HistoryPiece {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
  std::string bytes;
};

// What a batch of the journal asks of the history's files.
struct HistoryWork {
  std::vector<HistoryPiece> pieces;   // to be there before the batch that refers to them
  std::vector<HistoryPlace> erased;   // to be overwritten once the batch is there
  std::vector<std::uint64_t> unused;  // segments to be removed once the batch is there

  bool empty() const { return pieces.empty() && erased.empty() && unused.empty(); }
};

// The bytes at `place` when they are among the pieces: they may not be in a file yet.
std::optional<std::string_view> find(const std::vector<HistoryPiece>& pieces, const HistoryPlace& place);

// Where the texts of finished jobs stand: hands out places for new ones, and counts what is referred to, so
// that a segment goes with the last of its jobs. No I/O: who writes the journal writes these as well.
class HistorySpace {
 public:
  static constexpr std::uint64_t kSegment = 16U << 20;  // bytes; a larger entry has a segment of its own

  explicit HistorySpace(std::uint64_t segment_size = kSegment) : segment_size_(segment_size) {}

  // New entries go behind `end`, of which the size says nothing.
  void begin_at(const HistoryPlace& end);
  HistoryPlace add(const JobId& job, std::string_view message, std::string_view info);
  void erase(const HistoryPlace& place) { work_.erased.push_back(place); }

  // A job that is kept refers to `place`, or does no longer. None: nothing happens.
  void take(const HistoryPlace& place);
  void drop(const HistoryPlace& place);

  HistoryWork take_work();  // of what happened since the last call
  std::optional<std::string_view> unwritten(const HistoryPlace& place) const {
    return find(work_.pieces, place);
  }

  struct Used {
    std::size_t entries = 0;
    std::uint64_t end = 0;  // offset behind the last entry that was ever taken
  };
  const std::map<std::uint64_t, Used>& used() const { return used_; }  // by segment

 private:
  std::uint64_t segment_size_;
  std::uint64_t segment_ = 0;  // where the next entry goes
  std::uint64_t offset_ = 0;
  std::map<std::uint64_t, Used> used_;
  HistoryWork work_;
  std::vector<std::uint64_t> emptied_;
};

}  // namespace sisyphus::queue
