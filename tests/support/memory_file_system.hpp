#pragma once

#include "queue/file_system.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::queue {

// A disk in memory that fails on demand: from the n-th write, sync, rename or creation on, or when it is
// full. Any thread; outlives its files.
class MemoryFileSystem final : public FileSystem {
 public:
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  void fail_from_call(std::uint64_t call, int error_number) {
    const std::lock_guard lock(mutex_);
    fail_from_ = call == kNever ? kNever : calls_ + call;
    error_ = error_number;
  }
  void set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
  }
  std::uint64_t used() const {
    const std::lock_guard lock(mutex_);
    return used_locked();
  }
  std::uint64_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  Result<std::unique_ptr<File>> create(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (auto failed = failure("cannot create " + path); !failed) return failed.error();
    auto& content = files_[path];
    if (!content) content = std::make_shared<std::string>();
    content->clear();  // who has it open sees that, as with O_TRUNC
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, path, content));
  }
  Result<std::unique_ptr<File>> open(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    if (found == files_.end()) return io_error("cannot open " + path, ENOENT);
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, path, found->second));
  }
  Result<std::string> read(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path);
    if (found == files_.end()) return io_error("cannot open " + path, ENOENT);
    return *found->second;
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [path, content] : files_) {
      const std::filesystem::path whole(path);
      if (whole.parent_path() == directory) names.push_back(whole.filename());
    }
    return names;
  }
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (auto failed = failure("cannot rename " + from); !failed) return failed.error();
    const auto found = files_.find(from);
    if (found == files_.end()) return io_error("cannot rename " + from, ENOENT);
    files_[to] = found->second;
    files_.erase(from);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (files_.erase(path) == 0) return io_error("cannot remove " + path, ENOENT);
    return {};
  }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::unique_ptr<File>> lock(const std::string& path) override {
    const std::lock_guard guard(mutex_);
    if (!locked_.insert(path).second) return Error{Errc::conflict, path + " is locked", {}};
    return std::unique_ptr<File>(std::make_unique<Lock>(*this, path));
  }

 private:
  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryFileSystem& disk, std::string path, std::shared_ptr<std::string> content)
        : disk_(disk), path_(std::move(path)), content_(std::move(content)) {}
    Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto failed = disk_.failure("cannot write " + path_); !failed) return failed;
      const std::uint64_t grown =
          offset + bytes.size() > content_->size() ? offset + bytes.size() - content_->size() : 0;
      if (grown != 0 && disk_.used_locked() + grown > disk_.capacity_)
        return io_error("cannot write " + path_, ENOSPC);
      content_->resize(content_->size() + grown);
      content_->replace(offset, bytes.size(), bytes);
      return {};
    }
    Result<void> sync() override {
      const std::lock_guard lock(disk_.mutex_);
      return disk_.failure("cannot sync " + path_);
    }

   private:
    MemoryFileSystem& disk_;
    std::string path_;
    std::shared_ptr<std::string> content_;
  };
  class Lock final : public File {
   public:
    Lock(MemoryFileSystem& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    ~Lock() override {
      const std::lock_guard lock(disk_.mutex_);
      disk_.locked_.erase(path_);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    Result<void> write_at(std::uint64_t, std::string_view) override { return {}; }
    Result<void> sync() override { return {}; }

   private:
    MemoryFileSystem& disk_;
    std::string path_;
  };

  Result<void> failure(const std::string& what) {
    if (calls_++ < fail_from_) return {};
    return io_error(what, error_);
  }
  std::uint64_t used_locked() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, content] : files_) bytes += content->size();
    return bytes;
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::string>> files_;
  std::set<std::string> locked_;
  std::uint64_t capacity_ = kNever;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_from_ = kNever;
  int error_ = EIO;
};

}  // namespace sisyphus::queue
