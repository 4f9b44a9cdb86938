#pragma once

#include "load/latencies.hpp"
#include "queue/file_system.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace sisyphus::bench {

// The real file system, with a watch on the syncs of the journal's segments and on one file that is replaced.
// Any thread.
class TimedFileSystem final : public queue::FileSystem {
 public:
  Latencies take_syncs();  // since the last call
  // `then` is called by the thread that has put a new file in the place of `path`. Before there are others.
  void on_replaced(std::string path, std::function<void()> then);

  Result<std::unique_ptr<queue::File>> create(const std::string& path) override;
  Result<std::unique_ptr<queue::File>> open(const std::string& path) override;
  Result<std::string> read(const std::string& path) override { return real_.read(path); }
  Result<std::uint64_t> size(const std::string& path) override { return real_.size(path); }
  Result<void> read_at(const std::string& path, std::uint64_t offset, std::string& into) override {
    return real_.read_at(path, offset, into);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return real_.list(directory);
  }
  Result<void> make_directory(const std::string& path) override { return real_.make_directory(path); }
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override { return real_.remove(path); }
  Result<void> sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  Result<std::unique_ptr<queue::File>> lock(const std::string& path) override { return real_.lock(path); }

 private:
  class TimedFile;
  Result<std::unique_ptr<queue::File>> timed(Result<std::unique_ptr<queue::File>> file);

  queue::FileSystem& real_ = queue::real_file_system();
  std::mutex mutex_;
  Latencies syncs_;
  std::string watched_;
  std::function<void()> then_;
};

}  // namespace sisyphus::bench
