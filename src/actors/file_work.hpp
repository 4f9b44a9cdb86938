#pragma once

#include "core/file_transfer.hpp"
#include "core/progress.hpp"
#include "modules/module.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace sisyphus::actors {

// The file operations of one task, performed on a thread for slow work. Each counts in the task's progress by
// the bytes of its file as they were at the start, and a little for itself. One loop; it must live until
// run() has returned.
class FileWork {
 public:
  struct Surroundings {
    asio::any_io_executor loop;
    asio::thread_pool& pool;
    std::string working_directory;  // never deleted
    std::stop_token stop;           // ends a copy that is on its way
    // Waits until the job may change something: false when it is to stop instead. On the loop.
    std::function<asio::awaitable<bool>()> may_change;
  };
  // `on_progress` is called on the loop, at most ten times a second within one operation.
  FileWork(Surroundings surroundings, std::vector<modules::FileOperation> operations,
           std::function<void(Progress)> on_progress);

  std::size_t size() const { return operations_.size(); }
  const modules::FileOperation& operation(std::size_t index) const { return operations_[index]; }
  // One of them; to be called in their order. `cancelled`: `stop` was set or `may_change` said no.
  asio::awaitable<Result<FileOutcome>> run(std::size_t index);

 private:
  asio::awaitable<Result<FileOutcome>> transfer(std::size_t index);
  Progress progress_at(std::size_t index, double share) const;  // of this operation, 0..1
  TransferProgress teller(std::size_t index);

  Surroundings surroundings_;
  std::vector<modules::FileOperation> operations_;
  std::vector<std::uint64_t> bytes_;  // one for each operation
  std::function<void(Progress)> on_progress_;
};

// The copies that these operations may make, as outputs: for the Staging that makes and removes their
// folders.
std::vector<modules::Output> staged_copies(const std::vector<modules::FileOperation>& operations);

// Waits until these files are on disk.
asio::awaitable<Result<void>> sync_files(asio::thread_pool& pool, std::vector<std::string> paths);

}  // namespace sisyphus::actors
