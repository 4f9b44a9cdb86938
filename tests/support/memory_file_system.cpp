#include "tests/support/memory_file_system.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace sisyphus::queue {
namespace {

bool heads(std::minstd_rand& random) {
  return std::bernoulli_distribution()(random);
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// The part of `to` from `begin` on becomes that of `from`, as far as both have one.
void copy_range(const std::string& from, std::string& to, std::size_t begin, std::size_t length) {
  const std::size_t end = std::min({begin + length, from.size(), to.size()});
  if (begin < end) to.replace(begin, end - begin, from, begin, end - begin);
}

}  // namespace

class MemoryFileSystem::MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& disk, std::string path, Contents content)
      : disk_(disk), path_(std::move(path)), content_(std::move(content)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto failed = disk_.failure("cannot write " + path_); !failed) {
      disk_.write(*content_, offset, bytes.substr(0, bytes.size() / 2));
      return failed;
    }
    const std::uint64_t size = content_->seen.size();
    const std::uint64_t grown = offset + bytes.size() > size ? offset + bytes.size() - size : 0;
    const std::uint64_t used = disk_.used_locked();
    const std::uint64_t left = disk_.capacity_ - std::min(disk_.capacity_, used);
    if (grown > left) {
      const std::uint64_t kept = bytes.size() - std::min<std::uint64_t>(bytes.size(), grown - left);
      disk_.write(*content_, offset, bytes.substr(0, kept));
      return io_error("cannot write " + path_, ENOSPC);
    }
    disk_.write(*content_, offset, bytes);
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard lock(disk_.mutex_);
    const auto done = disk_.failure("cannot sync " + path_);
    if (done) {
      content_->durable.resize(content_->seen.size());
      for (const std::size_t page : content_->dirty)
        copy_range(content_->seen, content_->durable, page * kPage, kPage);
    }
    content_->dirty.clear();  // after an error too, as Linux does: a second sync would succeed and do nothing
    return done;
  }

 private:
  MemoryFileSystem& disk_;
  std::string path_;
  Contents content_;
};

class MemoryFileSystem::Lock final : public File {
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

void MemoryFileSystem::fail_from_call(std::uint64_t call, int error_number) {
  const std::lock_guard lock(mutex_);
  fail_from_ = call == kNever ? kNever : calls_ + call;
  error_ = error_number;
}

void MemoryFileSystem::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::uint64_t MemoryFileSystem::used() const {
  const std::lock_guard lock(mutex_);
  return used_locked();
}

std::uint64_t MemoryFileSystem::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void MemoryFileSystem::lose_power(std::minstd_rand& random) {
  const std::lock_guard lock(mutex_);
  for (const NameChange& change : std::exchange(unsynced_names_, {})) {
    if (heads(random)) apply(change, durable_names_);
  }
  names_ = durable_names_;
  for (const auto& [path, content] : names_) tear(*content, random);
  locked_.clear();
}

void MemoryFileSystem::tear(Content& content, std::minstd_rand& random) {
  const std::size_t size = heads(random) ? content.seen.size() : content.durable.size();
  content.durable.resize(size);
  for (const std::size_t page : std::exchange(content.dirty, {})) {
    const bool torn = heads(random);
    const bool whole = heads(random);
    for (std::size_t sector = 0; sector < kPage; sector += kSector) {
      const bool written = torn ? heads(random) : whole;
      if (written) copy_range(content.seen, content.durable, page * kPage + sector, kSector);
    }
  }
  content.seen = content.durable;
}

Result<std::unique_ptr<File>> MemoryFileSystem::create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (auto failed = failure("cannot create " + path); !failed) return failed.error();
  if (const auto found = names_.find(path); found != names_.end()) {
    found->second->seen.clear();  // who has it open sees that, as with O_TRUNC
  } else {
    change_name({path, std::make_shared<Content>(), {}});
  }
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, path, names_.at(path)));
}

Result<std::unique_ptr<File>> MemoryFileSystem::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return io_error("cannot open " + path, ENOENT);
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, path, found->second));
}

Result<std::string> MemoryFileSystem::read(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return io_error("cannot open " + path, ENOENT);
  return found->second->seen;
}

Result<std::uint64_t> MemoryFileSystem::size(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return io_error("cannot open " + path, ENOENT);
  return found->second->seen.size();
}

Result<void> MemoryFileSystem::read_at(const std::string& path, std::uint64_t offset, std::string& into) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  if (found == names_.end()) return io_error("cannot open " + path, ENOENT);
  const std::string& seen = found->second->seen;
  into = seen.substr(std::min<std::uint64_t>(offset, seen.size()), into.size());
  return {};
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [path, content] : names_) {
    if (folder_of(path) == directory) names.push_back(std::filesystem::path(path).filename());
  }
  return names;
}

Result<void> MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (auto failed = failure("cannot rename " + from); !failed) return failed.error();
  const auto found = names_.find(from);
  if (found == names_.end()) return io_error("cannot rename " + from, ENOENT);
  change_name({to, found->second, from});
  return {};
}

Result<void> MemoryFileSystem::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (auto failed = failure("cannot remove " + path); !failed) return failed.error();
  if (!names_.contains(path)) return io_error("cannot remove " + path, ENOENT);
  change_name({path, nullptr, {}});
  return {};
}

Result<void> MemoryFileSystem::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (auto failed = failure("cannot sync the folder " + path); !failed) return failed.error();
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    if (folder_of(change.path) != path) return false;
    apply(change, durable_names_);
    return true;
  });
  return {};
}

Result<std::unique_ptr<File>> MemoryFileSystem::lock(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (!locked_.insert(path).second) return Error{Errc::conflict, path + " is locked", {}};
  return std::unique_ptr<File>(std::make_unique<Lock>(*this, path));
}

Result<void> MemoryFileSystem::failure(const std::string& what) {
  if (calls_++ < fail_from_) return {};
  return io_error(what, error_);
}

void MemoryFileSystem::write(Content& content, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (content.seen.size() < offset + bytes.size()) content.seen.resize(offset + bytes.size());
  content.seen.replace(offset, bytes.size(), bytes);
  for (std::size_t page = offset / kPage; page * kPage < offset + bytes.size(); ++page)
    content.dirty.insert(page);
}

void MemoryFileSystem::change_name(NameChange change) {
  apply(change, names_);
  unsynced_names_.push_back(std::move(change));
}

void MemoryFileSystem::apply(const NameChange& change, Names& names) {
  if (change.content) {
    names[change.path] = change.content;
  } else {
    names.erase(change.path);
  }
  if (!change.from.empty()) names.erase(change.from);
}

std::uint64_t MemoryFileSystem::used_locked() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, content] : names_) bytes += content->seen.size();
  return bytes;
}

}  // namespace sisyphus::queue
