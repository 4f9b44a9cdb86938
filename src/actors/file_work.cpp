#include "actors/file_work.hpp"

#include "actors/run_on.hpp"

#include <memory>
#include <utility>

namespace sisyphus::actors {

using Kind = modules::FileOperation::Kind;

std::vector<modules::Output> staged_copies(const std::vector<modules::FileOperation>& operations) {
  std::vector<modules::Output> copies;
  for (const modules::FileOperation& operation : operations) {
    if (!operation.staged.empty()) copies.push_back({operation.destination, operation.staged});
  }
  return copies;
}

asio::awaitable<Result<FileOutcome>> change_file(FileWork work, modules::FileOperation operation,
                                                 TransferProgress progress) {
  const auto pool = work.pool.get_executor();
  bool may_change = co_await work.may_change();
  if (!may_change) co_return FileOutcome::cancelled;
  std::function<Result<FileOutcome>()> step;
  if (operation.kind == Kind::remove) {
    step = [&] { return remove_path(operation.source, work.working_directory); };
    Result<FileOutcome> removed = co_await run_on(pool, std::move(step));
    co_return removed;
  }
  FileTransfer transfer(operation.kind == Kind::move ? FileTransfer::Kind::move : FileTransfer::Kind::copy,
                        std::move(operation.source), std::move(operation.destination),
                        std::move(operation.staged));
  step = [&] { return transfer.begin(progress, work.stop); };
  Result<FileOutcome> begun = co_await run_on(pool, std::move(step));
  if (!begun || *begun != FileOutcome::copied) co_return begun;
  may_change = co_await work.may_change();  // the copy may have taken hours
  if (!may_change) co_return FileOutcome::cancelled;
  step = [&] { return transfer.publish(); };
  Result<FileOutcome> published = co_await run_on(pool, std::move(step));
  co_return published;
}

asio::awaitable<Result<void>> sync_files(asio::thread_pool& pool, std::vector<std::string> paths) {
  std::function<Result<void>()> work = [&paths] {
    for (const std::string& path : paths) {
      if (auto synced = sync_file(path); !synced) return synced;
    }
    return Result<void>();
  };
  Result<void> synced = co_await run_on(pool.get_executor(), std::move(work));
  co_return synced;
}

}  // namespace sisyphus::actors
