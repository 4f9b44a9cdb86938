#pragma once

#include "queue/journal_state.hpp"
#include "queue/salvage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sisyphus::queue {

// The repair of a journal that a server refuses: what can still be read becomes a snapshot, and the damaged
// files go into a folder beside it. First examine(), which changes nothing, then carry_out(). No server may
// use the folder meanwhile. `files` outlives it.
class JournalRepair {
 public:
  static Result<JournalRepair> examine(FileSystem& files, std::string directory);

  const std::vector<Loss>& losses() const { return salvaged_.losses; }
  // Numbers of jobs whose submission is among what was lost, from and to.
  const std::vector<std::pair<std::uint64_t, std::uint64_t>>& lost_jobs() const { return lost_jobs_; }
  std::uint64_t senseless() const { return senseless_; }  // records that say nothing without what was lost
  std::uint64_t records() const { return salvaged_.records; }
  std::size_t jobs() const { return state_->jobs.size(); }

  // Returns the folder that the damaged files are in. Ended at any moment it leaves the damaged journal or
  // the repaired one.
  Result<std::string> carry_out(std::uint64_t segment_size);

 private:
  JournalRepair(FileSystem& files, std::string directory);
  Result<void> take(Record&& record, const RecordPlace& place);
  void note_order(std::uint64_t order, const RecordPlace& place);
  Result<void> put_aside(const std::string& folder, std::uint64_t number);

  FileSystem* files_;
  std::string directory_;
  std::unique_ptr<JournalState> state_;
  Salvaged salvaged_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lost_jobs_;
  std::uint64_t next_order_ = 0;  // that a submission should have, 0 when that is not known
  std::uint64_t senseless_ = 0;
  std::uint32_t epoch_ = 0;  // the highest that was seen
};

}  // namespace sisyphus::queue
