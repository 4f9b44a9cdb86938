#pragma once

#include "core/errc.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The file operations that the journal needs, so that tests can put a disk in their place that fails on
// demand. Blocking; an object is used by one thread at a time.
namespace sisyphus::queue {

class File {
 public:
  virtual ~File() = default;
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;  // all of it, or an error
  virtual Result<void> sync() = 0;                                                  // fdatasync(2)
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;        // empty; replaces
  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;          // for writing, must exist
  virtual Result<std::string> read(const std::string& path) = 0;                    // all of it
  virtual Result<std::uint64_t> size(const std::string& path) = 0;                  // bytes
  // Fills `into` from byte `offset` on; where the file ends before, `into` becomes shorter.
  virtual Result<void> read_at(const std::string& path, std::uint64_t offset, std::string& into) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // base names, sorted
  virtual Result<void> make_directory(const std::string& path) = 0;                 // and its parents
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Held until the object goes or the process ends (flock(2)); Errc::conflict when somebody else has it.
  virtual Result<std::unique_ptr<File>> lock(const std::string& path) = 0;
};

FileSystem& real_file_system();

// Creates `path` so that a crash leaves the old file or the whole new one: temp, write, sync, rename, sync
// directory.
Result<void> write_whole_file(FileSystem& files, const std::string& path, std::string_view text);

}  // namespace sisyphus::queue
