// How a server starts on a large journal, what a waiting job takes of memory, and what its clients notice of
// a compaction. `./dev bench recovery` runs all three; each alone:
//   recovery_benchmark make DIR WAITING REMOVED   a journal of so many jobs of 1 KiB
//   recovery_benchmark start DIR                  time from the start to serving, resident memory
//   recovery_benchmark compact DIR                pauses of the loop and syncs of the journal meanwhile
#include "actors/queue_actor.hpp"
#include "core/job_document.hpp"
#include "load/document.hpp"
#include "load/latencies.hpp"
#include "load/process_usage.hpp"
#include "queue/manifest.hpp"
#include "recovery/timed_file_system.hpp"

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <unistd.h>

namespace sisyphus::bench {
namespace {

constexpr std::size_t kDocument = 1024;  // bytes
constexpr std::size_t kBatch = 500;      // jobs

template <class T>
T must(Result<T> result) {
  return std::move(result).value();  // an error ends the program and says what it is
}
void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().detail);
}

std::vector<JobDocument> documents(std::uint64_t first, std::size_t count) {
  std::vector<JobDocument> documents;
  for (std::size_t i = 0; i < count; ++i) {
    auto submission = must(read_submission(job_document(first + i, kDocument), WallTime()));
    documents.push_back(std::move(submission.jobs.front()));
  }
  return documents;
}

void make(const std::string& directory, std::uint64_t waiting, std::uint64_t removed) {
  const Now now = SystemClock().now();
  queue::JobQueue jobs({}, 1);
  auto journal =
      must(queue::Journal::open(queue::real_file_system(), {directory},
                                [&](queue::Record&& record) { return jobs.replay(std::move(record)); }));
  jobs.open(now);
  std::uint64_t left = waiting + removed;
  while (left != 0) {
    const std::size_t count = std::min<std::uint64_t>(kBatch, left);
    const auto ids = jobs.submit(documents(left, count), now);
    left -= count;
    const std::size_t out = std::min<std::uint64_t>(removed, count);
    for (std::size_t i = 0; i < out; ++i) must(jobs.remove(ids[i], now));
    removed -= out;
    must(journal->write(jobs.take_changes().records));
  }
  must(journal->sync());
  fmt::print("made: {} jobs wait, {:.0f} MB of journal\n", jobs.size(),
             static_cast<double>(journal->size()) / 1e6);
}

// A server's queue on a loop, without HTTP.
class Farm {
 public:
  explicit Farm(std::string directory, queue::FileSystem& files) {
    actors::QueueSettings settings;
    settings.data_dir = std::move(directory);
    actor_ = must(actors::QueueActor::open(loop_.get_executor(), clock_, files, settings));
    actor_->start(group_, [] { throw std::runtime_error("the journal was lost"); });
  }
  asio::io_context& loop() { return loop_; }
  actors::QueueActor& queue() { return *actor_; }
  TaskGroup& group() { return group_; }
  void stop() {
    actor_->release_waiters();
    actor_->stop();
  }

 private:
  asio::io_context loop_{1};
  SystemClock clock_;
  TaskGroup group_{loop_.get_executor()};
  std::unique_ptr<actors::QueueActor> actor_;
};

void start(const std::string& directory) {
  const std::uint64_t before = usage_of(::getpid()).resident_bytes;
  const auto begin = std::chrono::steady_clock::now();
  Farm farm(directory, queue::real_file_system());
  farm.loop().poll();  // up to where requests would be answered
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const std::uint64_t resident = usage_of(::getpid()).resident_bytes;
  const std::size_t jobs = farm.queue().job_count();
  const std::string document = documents(1, 1).front().text;
  const double each =
      static_cast<double>(resident - before) / static_cast<double>(std::max<std::size_t>(jobs, 1));
  fmt::print(
      "start: {} jobs in {:.2f} s; resident {:.0f} MB, {:.0f} bytes a job, {:.0f} beside its document\n",
      jobs, elapsed.count(), static_cast<double>(resident) / 1e6, each,
      each - static_cast<double>(document.size()));
  farm.stop();
  farm.loop().run();
}

asio::awaitable<void> client(Farm& farm, std::uint64_t number, const bool& done, Latencies& latencies) {
  const std::string worker = fmt::format("worker {}", number);
  while (!done) {
    const auto begin = std::chrono::steady_clock::now();
    auto submitted = co_await farm.queue().submit(documents(number, 1));
    must(std::move(submitted));
    latencies.add(std::chrono::steady_clock::now() - begin);
    PollRequest request{worker, {}, 1, Millis(0)};
    auto grants = must(co_await farm.queue().poll(std::move(request), {}));
    std::vector<Completion> completions;
    for (const Grant& grant : grants)
      completions.push_back({grant.id, grant.token, worker, false, false, "{}", ""});
    auto results = co_await farm.queue().complete(std::move(completions));
    for (const auto& result : results) must(result);
  }
}

// How late the loop is for a timer every millisecond.
class Pauses {
 public:
  void add(std::chrono::nanoseconds late) {
    latencies_.add(late);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(late);
    const auto bound = std::find_if(kBounds.begin(), kBounds.end(), [&](auto most) { return micros < most; });
    ++counts_[static_cast<std::size_t>(bound - kBounds.begin())];
  }
  std::string text() {
    std::string text;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      text += i < kBounds.size()
                  ? fmt::format("<{} ms: {}, ", static_cast<double>(kBounds[i].count()) / 1000, counts_[i])
                  : fmt::format("more: {}", counts_[i]);
    }
    return text + "; " + boost::json::serialize(latencies_.summary());
  }

 private:
  static constexpr std::array<std::chrono::microseconds, 6> kBounds{
      std::chrono::microseconds(250),  std::chrono::microseconds(500),  std::chrono::microseconds(1000),
      std::chrono::microseconds(2000), std::chrono::microseconds(5000), std::chrono::microseconds(10000)};
  std::array<std::size_t, kBounds.size() + 1> counts_{};
  Latencies latencies_;
};

// How long this thread has been waiting for a processor, all in all (proc(5): schedstat).
std::chrono::nanoseconds run_delay() {
  std::int64_t running = 0;
  std::int64_t waiting = 0;
  std::ifstream("/proc/thread-self/schedstat") >> running >> waiting;
  return std::chrono::nanoseconds(waiting);
}

// `own` is without the time for which other processes had the processors.
asio::awaitable<void> probe(const bool& done, Pauses& all, Pauses& own) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  auto before = run_delay();
  while (!done) {
    timer.expires_after(std::chrono::milliseconds(1));
    const auto due = timer.expiry();
    co_await timer.async_wait(asio::use_awaitable);
    const std::chrono::nanoseconds late = std::chrono::steady_clock::now() - due;
    const auto now = run_delay();
    all.add(late);
    own.add(std::max(late - (now - before), std::chrono::nanoseconds(0)));
    before = now;
  }
}

// Runs clients until the loop has been told that it is `done`.
void measure(Farm& farm, TimedFileSystem& files, const bool& done, std::string_view name) {
  Pauses all;
  Pauses own;
  Latencies submits;
  files.take_syncs();
  TaskGroup group(farm.loop().get_executor());
  group.spawn("probe", probe(done, all, own));
  for (std::uint64_t i = 1; i <= 4; ++i) group.spawn("client", client(farm, i, done, submits));
  const auto begin = std::chrono::steady_clock::now();
  while (!done || group.size() != 0) farm.loop().run_one();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  auto syncs = files.take_syncs();
  fmt::print("{}: {:.1f} s\n  loop late by {}\n  without waits for a processor {}\n", name, elapsed.count(),
             all.text(), own.text());
  fmt::print("  syncs of the journal {}\n  submits {}\n", boost::json::serialize(syncs.summary()),
             boost::json::serialize(submits.summary()));
}

void compact(const std::string& directory) {
  TimedFileSystem files;
  bool compacted = false;
  Farm farm(directory, files);
  files.on_replaced(queue::manifest_path(directory),  // it names the snapshot now
                    [&] { asio::post(farm.loop(), [&compacted] { compacted = true; }); });
  measure(farm, files, compacted, "while the journal is compacted");
  fmt::print("  resident {:.0f} MB\n", static_cast<double>(usage_of(::getpid()).resident_bytes) / 1e6);
  bool over = false;
  asio::steady_timer time(farm.loop(), std::chrono::seconds(5));
  time.async_wait([&over](std::error_code) { over = true; });
  measure(farm, files, over, "afterwards");
  farm.stop();
  farm.loop().run();
}

int run(int argc, char** argv) {
  spdlog::set_level(spdlog::level::err);
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "make" && argc == 5) {
    make(argv[2], std::stoull(argv[3]), std::stoull(argv[4]));
  } else if (what == "start" && argc == 3) {
    start(argv[2]);
  } else if (what == "compact" && argc == 3) {
    compact(argv[2]);
  } else {
    fmt::print(stderr, "usage: recovery_benchmark make DIR WAITING REMOVED | start DIR | compact DIR\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace sisyphus::bench

int main(int argc, char** argv) {
  return sisyphus::bench::run(argc, argv);
}
