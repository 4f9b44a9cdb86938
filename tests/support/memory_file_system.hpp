#pragma once

#include "queue/file_system.hpp"

#include <cerrno>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::queue {

// A disk in memory that fails on demand, as badly as POSIX allows: writes that stop half-way, errors from the
// n-th call on, a full disk, a sync that fails and forgets what was to be written, and a loss of power after
// which un-synced pages and names are there or not in any combination. Any thread; outlives its files.
class MemoryFileSystem final : public FileSystem {
 public:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kSector = 512;

  // Calls are writes, syncs, creations, renames, removals and directory syncs; 0 is the next one.
  void fail_from_call(std::uint64_t call, int error_number);
  void set_capacity(std::uint64_t bytes);
  std::uint64_t used() const;
  std::uint64_t calls() const;

  // The power goes, with all locks, and comes back. Of what was not synced, each page of 4 KiB is there, is
  // not, or is torn at sectors of 512 bytes, and each change of a name is there or not. Nobody may have a
  // file open.
  void lose_power(std::minstd_rand& random);

  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::uint64_t> size(const std::string& path) override;
  Result<void> read_at(const std::string& path, std::uint64_t offset, std::string& into) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<File>> lock(const std::string& path) override;

 private:
  class MemoryFile;
  class Lock;
  // What programs see of a file, and what is on the disk.
  struct Content {
    std::string seen;
    std::string durable;
    std::set<std::size_t> dirty;  // pages that differ, as far as the disk has to know
  };
  using Contents = std::shared_ptr<Content>;
  // A change of a directory: `path` is that file now, or nobody's when there is none; `from` is its name no
  // more.
  struct NameChange {
    std::string path;
    Contents content;
    std::string from;
  };
  using Names = std::map<std::string, Contents>;

  Result<void> failure(const std::string& what);
  void write(Content& content, std::uint64_t offset, std::string_view bytes);
  void change_name(NameChange change);
  static void apply(const NameChange& change, Names& names);
  static void tear(Content& content, std::minstd_rand& random);
  std::uint64_t used_locked() const;

  mutable std::mutex mutex_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> locked_;
  std::uint64_t capacity_ = kNever;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_from_ = kNever;
  int error_ = EIO;
};

}  // namespace sisyphus::queue
