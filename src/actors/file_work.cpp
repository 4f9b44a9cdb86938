#include "actors/file_work.hpp"

#include "actors/run_on.hpp"
#include "core/clock.hpp"

#include <asio/post.hpp>

#include <filesystem>
#include <memory>
#include <numeric>
#include <system_error>
#include <utility>

namespace sisyphus::actors {
namespace {

using Kind = modules::FileOperation::Kind;

constexpr double kOwnWeight = 1U << 20;  // bytes that an operation counts for beyond those of its file

std::uint64_t bytes_of(const modules::FileOperation& operation) {
  if (operation.kind == Kind::remove) return 0;
  std::error_code code;  // one that an operation before makes is not there yet
  const std::uintmax_t size = std::filesystem::file_size(operation.source, code);
  return code ? 0 : size;
}

}  // namespace

FileWork::FileWork(Surroundings surroundings, std::vector<modules::FileOperation> operations,
                   std::function<void(Progress)> on_progress)
    : surroundings_(std::move(surroundings)),
      operations_(std::move(operations)),
      on_progress_(std::move(on_progress)) {
  for (const modules::FileOperation& operation : operations_) bytes_.push_back(bytes_of(operation));
}

Progress FileWork::progress_at(std::size_t index, double share) const {
  const auto before = bytes_.begin() + static_cast<std::ptrdiff_t>(index);
  const auto sum = [](auto from, auto to) { return std::accumulate(from, to, std::uint64_t{0}); };
  const double done = static_cast<double>(sum(bytes_.begin(), before)) + share * static_cast<double>(*before);
  const auto total = static_cast<double>(sum(bytes_.begin(), bytes_.end()));
  Progress progress;
  progress.size_bytes = static_cast<std::int64_t>(done);
  progress.total_bytes = static_cast<std::int64_t>(total);
  progress.percent = 100 * (done + kOwnWeight * (static_cast<double>(index) + share)) /
                     (total + kOwnWeight * static_cast<double>(bytes_.size()));
  return progress;
}

// Is called on the pool's thread; what it has to say is posted to the loop.
TransferProgress FileWork::teller(std::size_t index) {
  const auto last = std::make_shared<SteadyTime>();
  return [this, index, last](std::uint64_t done, std::uint64_t total) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (total == 0 || (now - *last < Millis(100) && done != total)) return;
    *last = now;
    const Progress progress = progress_at(index, static_cast<double>(done) / static_cast<double>(total));
    asio::post(surroundings_.loop, [this, progress] { on_progress_(progress); });
  };
}

asio::awaitable<Result<FileOutcome>> FileWork::run(std::size_t index) {
  const bool may_change = co_await surroundings_.may_change();
  if (!may_change) co_return FileOutcome::cancelled;
  Result<FileOutcome> outcome = FileOutcome::skipped;
  if (operations_[index].kind == Kind::remove) {
    std::function<Result<FileOutcome>()> remove = [this, index] {
      return remove_path(operations_[index].source, surroundings_.working_directory);
    };
    outcome = co_await run_on(surroundings_.pool.get_executor(), std::move(remove));
  } else {
    outcome = co_await transfer(index);
  }
  if (outcome && *outcome != FileOutcome::cancelled) on_progress_(progress_at(index, 1));
  co_return outcome;
}

asio::awaitable<Result<FileOutcome>> FileWork::transfer(std::size_t index) {
  const modules::FileOperation& operation = operations_[index];
  const auto kind = operation.kind == Kind::move ? FileTransfer::Kind::move : FileTransfer::Kind::copy;
  FileTransfer file(kind, operation.source, operation.destination, operation.staged);
  std::function<Result<FileOutcome>()> step = [&file, on_bytes = teller(index), stop = surroundings_.stop] {
    return file.begin(on_bytes, stop);
  };
  Result<FileOutcome> begun = co_await run_on(surroundings_.pool.get_executor(), std::move(step));
  if (!begun || *begun != FileOutcome::copied) co_return begun;
  const bool may_change = co_await surroundings_.may_change();  // the copy may have taken hours
  if (!may_change) co_return FileOutcome::cancelled;
  step = [&file] { return file.publish(); };
  Result<FileOutcome> published = co_await run_on(surroundings_.pool.get_executor(), std::move(step));
  co_return published;
}

std::vector<modules::Output> staged_copies(const std::vector<modules::FileOperation>& operations) {
  std::vector<modules::Output> copies;
  for (const modules::FileOperation& operation : operations) {
    if (!operation.staged.empty()) copies.push_back({operation.destination, operation.staged});
  }
  return copies;
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
