#pragma once

#include "core/file_transfer.hpp"
#include "modules/module.hpp"

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

// The file operations of a task (modules::ChangeFiles), performed on a pool's threads and awaited on the
// loop.
namespace sisyphus::actors {

// What an operation needs of the job it belongs to. All outlive it.
struct FileWork {
  asio::thread_pool& pool;
  std::string working_directory;  // never deleted
  std::stop_token stop;           // ends a copy that is on its way
  // Waits until the job may change something: false when it is to stop instead. On the loop.
  std::function<asio::awaitable<bool>()> may_change;
};

// The copies that these operations may make, as outputs: for the Staging that makes and removes their
// folders.
std::vector<modules::Output> staged_copies(const std::vector<modules::FileOperation>& operations);

// `progress` is called on the pool's thread. `cancelled`: `stop` was set or `may_change` said no.
asio::awaitable<Result<FileOutcome>> change_file(FileWork work, modules::FileOperation operation,
                                                 TransferProgress progress);

// Waits until these files are on disk.
asio::awaitable<Result<void>> sync_files(asio::thread_pool& pool, std::vector<std::string> paths);

}  // namespace sisyphus::actors
