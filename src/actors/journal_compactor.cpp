#include "actors/journal_compactor.hpp"

#include "actors/run_on.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

constexpr std::chrono::seconds kLook{1};       // how often the sizes are compared
constexpr std::chrono::seconds kTryAgain{60};  // after a compaction that failed

// Of the calling thread. Where the system refuses, the thread is as good as any other, and that is well too.
// Not lower than that: on a busy machine the loop would wait for what this thread holds, such as its
// mappings.
void give_way() {
  constexpr int kNice = 10;
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
  constexpr int kThisThread = 1;  // ioprio_set(2), which glibc does not have: IOPRIO_WHO_PROCESS
  constexpr int kIdle = 3 << 13;  // IOPRIO_CLASS_IDLE
  ::syscall(SYS_ioprio_set, kThisThread, 0, kIdle);
}

}  // namespace

JournalCompactor::JournalCompactor(asio::any_io_executor executor, JournalWriter& writer, LiveBytes live,
                                   std::uint64_t segment_size)
    : writer_(writer), live_(std::move(live)), segment_size_(segment_size), bell_(std::move(executor)) {}

JournalCompactor::~JournalCompactor() {
  thread_.join();
}

asio::awaitable<void> JournalCompactor::run() {
  auto pause = std::chrono::seconds(0);
  while (!stop_.stop_requested() && !writer_.failed()) {
    co_await bell_.wait_until(std::chrono::steady_clock::now() + pause);
    pause = kLook;
    if (stop_.stop_requested() || !worthwhile()) continue;
    const auto done = co_await compact();
    if (done || stop_.stop_requested()) continue;
    spdlog::error("journal_compaction_failed error=\"{}\"", done.error().detail);
    pause = kTryAgain;
  }
}

bool JournalCompactor::worthwhile() const {
  return writer_.size() > 2 * (live_() + uncounted_ + segment_size_);
}

asio::awaitable<Result<void>> JournalCompactor::compact() {
  const SteadyTime begin = std::chrono::steady_clock::now();
  const std::uint64_t before = writer_.size();
  const auto range = co_await writer_.close_segment();
  if (!range) co_return range.error();
  std::function<Result<queue::Compacted>()> work = [this, &range] {
    give_way();
    return queue::compact(writer_.files(), *range, stop_.get_token());
  };
  const auto done = co_await run_on<Result<queue::Compacted>>(thread_.get_executor(), std::move(work));
  writer_.compaction_ended(done);
  if (!done) co_return done.error();
  if (!done->trouble.empty()) spdlog::warn("journal_outdated_file_stays error=\"{}\"", done->trouble);
  uncounted_ = done->snapshot_size - std::min(done->snapshot_size, live_());
  const auto elapsed = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
  spdlog::info("journal_compacted jobs={} bytes_before={} snapshot_bytes={} elapsed_ms={}", done->jobs,
               before, done->snapshot_size, elapsed.count());
  co_return Result<void>();
}

void JournalCompactor::stop() {
  stop_.request_stop();
  bell_.ring();
}

}  // namespace sisyphus::actors
