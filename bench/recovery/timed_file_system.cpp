#include "recovery/timed_file_system.hpp"

#include <chrono>
#include <utility>

namespace sisyphus::bench {

class TimedFileSystem::TimedFile final : public queue::File {
 public:
  TimedFile(TimedFileSystem& files, std::unique_ptr<queue::File> file)
      : files_(files), file_(std::move(file)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    small_ = bytes.size() < kBatch;
    return file_->write_at(offset, bytes);
  }
  Result<void> sync() override {
    const auto begin = std::chrono::steady_clock::now();
    auto synced = file_->sync();
    const std::lock_guard lock(files_.mutex_);
    if (small_) files_.syncs_.add(std::chrono::steady_clock::now() - begin);
    return synced;
  }

 private:
  static constexpr std::size_t kBatch = 256U << 10;  // larger writes fill segments and snapshots

  TimedFileSystem& files_;
  std::unique_ptr<queue::File> file_;
  bool small_ = true;
};

Latencies TimedFileSystem::take_syncs() {
  const std::lock_guard lock(mutex_);
  return std::exchange(syncs_, {});
}

void TimedFileSystem::on_replaced(std::string path, std::function<void()> then) {
  watched_ = std::move(path);
  then_ = std::move(then);
}

Result<void> TimedFileSystem::rename(const std::string& from, const std::string& to) {
  auto renamed = real_.rename(from, to);
  if (renamed && then_ && to == watched_) then_();
  return renamed;
}

Result<std::unique_ptr<queue::File>> TimedFileSystem::create(const std::string& path) {
  return timed(real_.create(path));
}

Result<std::unique_ptr<queue::File>> TimedFileSystem::open(const std::string& path) {
  return timed(real_.open(path));
}

Result<std::unique_ptr<queue::File>> TimedFileSystem::timed(Result<std::unique_ptr<queue::File>> file) {
  if (!file) return file;
  return std::unique_ptr<queue::File>(std::make_unique<TimedFile>(*this, std::move(*file)));
}

}  // namespace sisyphus::bench
