#pragma once

#include "actors/sync_placement.hpp"
#include "core/gate.hpp"
#include "core/task_group.hpp"
#include "queue/compaction.hpp"
#include "queue/history.hpp"
#include "queue/job_queue.hpp"
#include "queue/journal.hpp"

#include <asio/awaitable.hpp>
#include <asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace sisyphus::actors {

// The journal actor: one batch in flight; what a turn of the loop brought is one batch; write, sync, then let
// those who wait for it go on. Texts of finished jobs are on disk before the batch that refers to them. The
// first error is the last thing it does: waiters learn that the outcome is unknown, and `failed()` stays set.
class JournalWriter {
 public:
  using Changes = queue::JobQueue::Changes;
  using Collect = std::function<void(Changes&)>;                           // what is to be written now
  using Publish = std::function<void(const std::vector<queue::Effect>&)>;  // it is on disk: tell the world
  using OnHistoryLost =
      std::function<void(const queue::HistoryLost&)>;  // said in the journal: no room for it

  JournalWriter(asio::any_io_executor executor, std::unique_ptr<queue::Journal> journal,
                std::unique_ptr<queue::History> history, queue::Fsync fsync, Collect collect, Publish publish,
                OnHistoryLost on_history_lost);
  ~JournalWriter();

  void start(TaskGroup& group);
  void changed();  // there is something to collect
  // Waits until everything that was changed before the call is on disk (or, without `fsync always`, written);
  // then outcome() tells whether it is. No coroutine of its own: each request would pay for it.
  asio::awaitable<void> written();
  Result<void> outcome() const;
  void stop();  // its tasks end after the last batch

  // Before new jobs are taken: makes sure that their bytes fit and that room stays to finish and cancel what
  // is there. Errc::storage_full when the disk has no room for the next segment, Errc::too_large when no
  // segment would do.
  asio::awaitable<Result<void>> reserve(std::uint64_t bytes);
  bool reserve_now(std::uint64_t bytes);  // true: done, without waiting for anything

  // Begins a new segment with the next batch, and says which are closed now: for compact(), beside which all
  // goes on, with every sync on the thread: the disk is busy. Errc::storage_full without room for a segment.
  asio::awaitable<Result<queue::JournalRange>> close_segment();
  void compaction_ended(const Result<queue::Compacted>& done);
  std::uint64_t size() const { return size_; }  // bytes of the journal's files
  queue::FileSystem& files() const { return journal_->files(); }
  bool flying(const JobId& id) const;  // a change of the job is being written just now
  // The text at `place`, when it is being written just now.
  std::optional<std::string_view> flying_text(const queue::HistoryPlace& place) const {
    return flying_texts_ ? queue::find(*flying_texts_, place) : std::nullopt;
  }

  asio::awaitable<void> ended();  // the writer has stopped, by stop() or by a failure
  const std::optional<Error>& failed() const { return failed_; }
  bool syncs_on_loop() const { return last_on_loop_; }
  std::uint64_t batches() const { return batches_; }

 private:
  asio::awaitable<void> run();
  asio::awaitable<void> next_batch();
  asio::awaitable<void> gather();
  asio::awaitable<void> write_batch();
  asio::awaitable<void> prepare_segments();
  void probe();
  struct Batch {
    Changes changes;
    bool sync = true;
    bool new_segment = false;
    std::vector<queue::HistoryLost> history_lost;  // by writing it
    std::string trouble;                           // with what was to be cleaned up
  };
  Result<void> write_and_sync(Batch& batch);
  Result<void> write_texts(Batch& batch);
  void tell_history(const Batch& batch);
  void fail(const Error& error);
  void between_batches();

  asio::any_io_executor executor_;
  asio::thread_pool thread_{1};
  std::unique_ptr<queue::Journal> journal_;
  std::unique_ptr<queue::History> history_;
  queue::Fsync fsync_;
  Collect collect_;
  Publish publish_;
  OnHistoryLost on_history_lost_;
  const std::vector<queue::Effect>* flying_effects_ = nullptr;      // while they are not published
  const std::vector<queue::HistoryPiece>* flying_texts_ = nullptr;  // while the thread writes them
  SyncPlacement placement_;
  Bell bell_;
  Bell segment_bell_;
  Gate waiting_;  // for the batch that is being gathered
  bool pending_ = false;
  bool in_flight_ = false;
  Gate flying_;               // for the batch that is being written
  Batch batch_;               // which that is; its memory serves the next one
  std::size_t released_ = 0;  // how many the last batch let go
  bool stopping_ = false;
  // Of the journal, as it was between two batches: the thread may be writing it.
  std::uint64_t room_ = 0;
  std::uint64_t next_number_ = 0;
  bool has_next_ = false;
  bool wants_next_ = false;
  std::uint64_t size_ = 0;
  bool new_segment_ = false;    // the next batch begins one
  queue::JournalRange closed_;  // as it was when the last one did
  bool compacting_ = false;
  std::optional<queue::Compacted> compacted_;  // to be told to the journal between batches
  std::uint64_t promised_ = 0;                 // bytes that reserve() said yes to, not collected yet
  std::uint64_t promised_flying_ = 0;          // and those in the batch that is being written
  std::unique_ptr<queue::File> spare_;         // for segment spare_number_, to be handed over between batches
  std::uint64_t spare_number_ = 0;
  Gate prepared_;
  Gate ended_;
  bool has_ended_ = false;
  bool disk_full_ = false;
  bool dirty_ = false;  // written and not synced (fsync interval)
  bool last_on_loop_ = true;
  std::uint64_t batches_ = 0;
  SteadyTime last_sync_{};
  std::optional<Error> failed_;
};

}  // namespace sisyphus::actors
