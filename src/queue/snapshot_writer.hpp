#pragma once

#include "queue/file_system.hpp"
#include "queue/journal_format.hpp"
#include "queue/record.hpp"

#include <memory>
#include <string>

namespace sisyphus::queue {

// Writes a snapshot: it is made under another name and stands under its own, on disk, when finish() has
// returned. A writer that goes before leaves `PATH.tmp` behind. `files` outlives it.
class SnapshotWriter {
 public:
  static Result<SnapshotWriter> create(FileSystem& files, const std::string& directory, SegmentHeader next);

  Result<void> add(const Record& record);
  Result<std::uint64_t> finish();  // bytes of the file
  std::string unfinished_path() const { return path_ + ".tmp"; }

 private:
  SnapshotWriter(FileSystem& files, std::string path, SegmentHeader next);
  Result<void> end_frame();
  Result<void> write_out();

  FileSystem* files_;
  std::string path_;
  std::unique_ptr<File> file_;
  SnapshotHeader header_;
  std::uint64_t sequence_ = 0;
  std::string payload_;        // of the frame that is being filled
  std::string frames_;         // whole ones, not written yet
  std::uint64_t written_ = 0;  // bytes of the file
  std::uint64_t synced_ = 0;
};

}  // namespace sisyphus::queue
