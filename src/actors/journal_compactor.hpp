#pragma once

#include "actors/journal_writer.hpp"
#include "core/bell.hpp"

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <stop_token>

namespace sisyphus::actors {

// Keeps the journal in proportion to what it holds: when its files are over twice the live data, a snapshot
// takes the place of the closed segments. The work is done on a thread of its own, which gives way to
// everything else. `writer` outlives it.
class JournalCompactor {
 public:
  using LiveBytes = std::function<std::uint64_t()>;

  // Less than two segments more than needed are not worth the work.
  JournalCompactor(asio::any_io_executor executor, JournalWriter& writer, LiveBytes live,
                   std::uint64_t segment_size);
  ~JournalCompactor();

  asio::awaitable<void> run();  // until stop() or until the journal is lost
  void stop();

 private:
  bool worthwhile() const;
  asio::awaitable<Result<void>> compact();

  asio::thread_pool thread_{1};
  JournalWriter& writer_;
  LiveBytes live_;
  std::uint64_t segment_size_;   // bytes
  std::uint64_t uncounted_ = 0;  // bytes that the last snapshot had beyond what is counted as live
  Bell bell_;
  std::stop_source stop_;
};

}  // namespace sisyphus::actors
