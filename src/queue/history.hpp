#pragma once

#include "queue/file_system.hpp"
#include "queue/history_format.hpp"
#include "queue/history_space.hpp"
#include "queue/record.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::queue {

// The files with the texts of finished jobs: `history/text-0000000001.log` and so on in the journal's folder.
// Blocking, and used by one thread at a time, as the journal is; read_history() may run beside.
class History {
 public:
  // Opens what `space` refers to and removes the rest. `directory` is the journal's, which is locked.
  static Result<std::unique_ptr<History>> open(FileSystem& files, const std::string& directory,
                                               const HistorySpace& space);
  const HistoryPlace& end() const { return end_; }  // for HistorySpace::begin_at()
  // What a start found wrong, for the log: a file that is referred to and not there, one that cannot be
  // removed.
  const std::vector<std::string>& troubles() const { return troubles_; }

  // Writes the pieces: on disk after sync(), which does nothing when nothing was written. Where there is no
  // room for a piece, its jobs end all the same: the records that say so are added to `records`, which are
  // the batch that refers to them, and returned. Any other error is one of the disk, as the journal's are.
  Result<std::vector<HistoryLost>> write(const std::vector<HistoryPiece>& pieces, std::string& records);
  Result<void> sync();
  bool is_long(const HistoryWork& work) const;  // creates or removes files

  // The batch is where it should be: overwrites and removes what nobody refers to any more.
  Result<void> clean_up(const HistoryWork& work);

 private:
  explicit History(FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  Result<void> find_files(const HistorySpace& space);
  Result<void> go_on(const HistorySpace& space);
  Result<void> write(const HistoryPiece& piece);
  Result<void> begin_segment(std::uint64_t number);

  FileSystem& files_;
  std::string folder_;
  std::set<std::uint64_t> there_;  // numbers of the segments
  HistoryPlace end_;
  std::unique_ptr<File> file_;
  std::uint64_t number_ = 0;  // of that file
  bool dirty_ = false;
  std::vector<std::string> troubles_;
};

std::string history_path(const std::string& directory, std::uint64_t segment);

// The text of `job`. An error names file and byte and says what is wrong there.
Result<HistoryText> read_history(FileSystem& files, const std::string& directory, const HistoryPlace& place,
                                 const JobId& job);
// Bytes of all the history's files.
Result<std::uint64_t> history_size(FileSystem& files, const std::string& directory);

}  // namespace sisyphus::queue
