#include "actors/journal_writer.hpp"

#include "actors/run_on.hpp"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace sisyphus::actors {
namespace {

constexpr int kProbes = 16;
constexpr std::uint64_t kReserve = 256U << 10;    // bytes kept for finishing and cancelling what is there
constexpr std::chrono::seconds kInterval{1};      // between syncs with `--fsync interval`
constexpr std::chrono::microseconds kGather{80};  // about what a sync takes: waiting longer gains nothing
constexpr std::chrono::milliseconds kGrowing{5};  // while more come each turn; a bound, seldom reached

asio::awaitable<void> nothing_to_wait_for() {
  co_return;
}

}  // namespace

JournalWriter::JournalWriter(asio::any_io_executor executor, std::unique_ptr<queue::Journal> journal,
                             std::unique_ptr<queue::History> history, queue::Fsync fsync, Collect collect,
                             Publish publish, OnHistoryLost on_history_lost)
    : executor_(executor),
      journal_(std::move(journal)),
      history_(std::move(history)),
      fsync_(fsync),
      collect_(std::move(collect)),
      publish_(std::move(publish)),
      on_history_lost_(std::move(on_history_lost)),
      bell_(executor),
      segment_bell_(executor),
      waiting_(executor),
      flying_(executor),
      prepared_(executor),
      ended_(executor) {}

JournalWriter::~JournalWriter() {
  thread_.join();
}

void JournalWriter::start(TaskGroup& group) {
  if (fsync_ == queue::Fsync::always) probe();
  between_batches();
  group.spawn("journal writer", run());
  group.spawn("journal segments", prepare_segments());
}

void JournalWriter::probe() {
  for (int i = 0; i < kProbes && !failed_; ++i) {
    Batch empty;
    if (auto written = write_and_sync(empty); !written) fail(written.error());
  }
  spdlog::info("journal_sync p99_us={} on={}", placement_.p99().count(),
               placement_.on_loop(std::chrono::steady_clock::now()) ? "loop" : "thread");
}

void JournalWriter::changed() {
  if (pending_) return;
  pending_ = true;
  bell_.ring();
}

asio::awaitable<void> JournalWriter::written() {
  if (pending_ && !failed_) return waiting_.wait(asio::use_awaitable);
  if (in_flight_ && !failed_) return flying_.wait(asio::use_awaitable);
  return nothing_to_wait_for();
}

Result<void> JournalWriter::outcome() const {
  if (failed_) return Error{Errc::unavailable, "the outcome is unknown: " + failed_->detail, {}};
  return {};
}

asio::awaitable<void> JournalWriter::run() {
  while (!failed_ && (!stopping_ || pending_)) {
    if (!pending_) {
      const bool rang = co_await bell_.wait_until(dirty_ ? last_sync_ + kInterval : SteadyTime::max());
      if (rang) continue;
    }
    co_await next_batch();
  }
  if (dirty_ && !failed_) co_await next_batch();
  waiting_.open();
  prepared_.open();
  has_ended_ = true;
  ended_.open();
}

// Those whom the last batch let go are likely to ask again at once: the more of them one sync serves, the
// fewer syncs there are. A lone client is not kept waiting.
asio::awaitable<void> JournalWriter::gather() {
  const SteadyTime begin = std::chrono::steady_clock::now();
  SteadyTime now = begin;
  for (int quiet = 0;
       quiet < 2 && now < begin + kGrowing;) {  // what a turn's poll finds is run in the next one
    const std::size_t seen = waiting_.size();
    co_await asio::post(executor_, asio::use_awaitable);
    now = std::chrono::steady_clock::now();
    const bool more_expected = waiting_.size() < released_ && now < begin + kGather;
    quiet = waiting_.size() != seen || more_expected ? 0 : quiet + 1;
  }
}

asio::awaitable<void> JournalWriter::next_batch() {
  if (fsync_ == queue::Fsync::always && released_ > 1 && !stopping_) co_await gather();
  released_ = waiting_.size();
  pending_ = false;
  in_flight_ = true;
  waiting_.move_waiters_to(flying_);
  promised_flying_ = std::exchange(promised_, 0);
  collect_(batch_.changes);
  co_await write_batch();
  promised_flying_ = 0;
  in_flight_ = false;
  flying_.open();
}

asio::awaitable<void> JournalWriter::ended() {
  if (!has_ended_) co_await ended_.wait(asio::use_awaitable);
}

asio::awaitable<void> JournalWriter::write_batch() {
  const SteadyTime now = std::chrono::steady_clock::now();
  batch_.new_segment = std::exchange(new_segment_, false);
  batch_.history_lost.clear();
  batch_.trouble.clear();
  dirty_ = dirty_ || batch_.new_segment || batch_.changes.record_count != 0;
  flying_effects_ = &batch_.changes.effects;
  if (dirty_) {
    ++batches_;
    const bool due = stopping_ || now - last_sync_ >= kInterval;
    batch_.sync = fsync_ == queue::Fsync::always || (fsync_ == queue::Fsync::interval && due);
    // Going on to another file takes several syncs, and beside a compaction one may take long: not on the
    // loop.
    const queue::HistoryWork& history = batch_.changes.history;
    const bool short_work = !batch_.new_segment && !compacting_ &&
                            journal_->fits(batch_.changes.records.size()) && !history_->is_long(history);
    last_on_loop_ = short_work && (!batch_.sync || placement_.on_loop(now));
    Result<void> written;
    if (last_on_loop_) {
      written = write_and_sync(batch_);
    } else {
      flying_texts_ = &history.pieces;
      std::function<Result<void>()> work = [this] { return write_and_sync(batch_); };
      written = co_await run_on<Result<void>>(thread_.get_executor(), std::move(work));
      flying_texts_ = nullptr;
    }
    if (!written) fail(written.error());
    tell_history(batch_);
    dirty_ = fsync_ == queue::Fsync::interval && !batch_.sync;
    if (batch_.new_segment) closed_ = journal_->closed();
    between_batches();
  }
  flying_effects_ = nullptr;
  if (!failed_) publish_(batch_.changes.effects);
}

bool JournalWriter::flying(const JobId& id) const {
  return flying_effects_ != nullptr && queue::tell_of(*flying_effects_, id);
}

Result<void> JournalWriter::write_and_sync(Batch& batch) {
  if (batch.new_segment) {
    if (auto started = journal_->start_segment(); !started) return started;
  }
  const SteadyTime begin = std::chrono::steady_clock::now();
  if (auto written = write_texts(batch); !written) return written;
  if (auto written = journal_->write(std::move(batch.changes.records)); !written) return written;
  if (batch.sync) {
    if (auto synced = journal_->sync(); !synced) return synced;
    last_sync_ = std::chrono::steady_clock::now();
    placement_.measured(std::chrono::duration_cast<std::chrono::microseconds>(last_sync_ - begin),
                        last_sync_);
  }
  if (auto cleaned = history_->clean_up(batch.changes.history); !cleaned)
    batch.trouble = cleaned.error().detail;
  return {};
}

Result<void> JournalWriter::write_texts(Batch& batch) {
  auto lost = history_->write(batch.changes.history.pieces, batch.changes.records);
  if (!lost) return lost.error();
  batch.history_lost = std::move(*lost);
  if (!batch.sync) return {};
  return history_->sync();
}

void JournalWriter::tell_history(const Batch& batch) {
  for (const queue::HistoryLost& lost : batch.history_lost) {
    spdlog::error(
        "history_disk_full bytes={} error=\"no room for what finished jobs have said: they end without\"",
        lost.end - lost.begin);
    on_history_lost_(lost);
  }
  if (!batch.trouble.empty()) spdlog::warn("history_file_stays error=\"{}\"", batch.trouble);
}

// The journal is nobody's at this moment: hand over the spare segment, and take its numbers.
void JournalWriter::between_batches() {
  if (spare_) {
    if (auto taken = journal_->take_next(spare_number_, std::move(spare_)); !taken) fail(taken.error());
  }
  if (compacted_) journal_->compacted(compacted_->first_segment, compacted_->snapshot_size);
  compacted_.reset();
  size_ = journal_->size();
  room_ = journal_->room();
  next_number_ = journal_->next_number();
  has_next_ = journal_->has_next();
  wants_next_ = !has_next_ && (wants_next_ || journal_->wants_next());
  if (wants_next_) segment_bell_.ring();
}

void JournalWriter::fail(const Error& error) {
  if (failed_) return;
  failed_ = error;
  spdlog::critical("journal_lost error=\"{}\"", error.detail);
}

asio::awaitable<void> JournalWriter::prepare_segments() {
  while (!stopping_ && !failed_) {
    if (wants_next_ && !spare_) {
      const std::uint64_t number = next_number_;
      std::function<Result<std::unique_ptr<queue::File>>()> work = [&files = journal_->files(),
                                                                    settings = journal_->settings(), number] {
        return queue::Journal::prepare(files, settings, number);
      };
      auto file =
          co_await run_on<Result<std::unique_ptr<queue::File>>>(thread_.get_executor(), std::move(work));
      if (file && disk_full_) spdlog::info("journal_has_room folder={}", journal_->settings().directory);
      if (!file && !disk_full_) spdlog::error("journal_disk_full error=\"{}\"", file.error().detail);
      disk_full_ = !file;
      if (file) {
        spare_ = std::move(*file);
        spare_number_ = number;
        if (!in_flight_) between_batches();
      }
      prepared_.open();
    }
    // With a full disk: look again every second whether there is room.
    const auto again =
        disk_full_ ? std::chrono::steady_clock::now() + std::chrono::seconds(1) : SteadyTime::max();
    co_await segment_bell_.wait_until(again);
  }
}

bool JournalWriter::reserve_now(std::uint64_t bytes) {
  if (stopping_ || failed_) return false;
  // What was promised is collected in the same turn of the loop, or it was not needed.
  if (!pending_) promised_ = 0;
  const std::uint64_t left = room_ - std::min(room_, promised_ + promised_flying_);
  if (left <= bytes + kReserve) return false;
  promised_ += bytes;
  return true;
}

asio::awaitable<Result<void>> JournalWriter::reserve(std::uint64_t bytes) {
  if (bytes + kReserve >= journal_->largest_room()) {
    co_return Error{
        Errc::too_large,
        fmt::format("{} bytes are more than the journal takes at once; send less at a time", bytes),
        {}};
  }
  while (!stopping_ && !failed_) {
    if (reserve_now(bytes)) co_return Result<void>();
    if (disk_full_) {
      co_return Error{Errc::storage_full,
                      "no room for new jobs on the disk of " + journal_->settings().directory + "; free some",
                      {}};
    }
    if (!has_next_ && !spare_) {  // else prepare() would write over a file that is in use
      wants_next_ = true;
      segment_bell_.ring();
    }
    if (in_flight_) {
      co_await flying_.wait(asio::use_awaitable);
    } else if (pending_) {
      co_await waiting_.wait(asio::use_awaitable);
    } else {
      co_await prepared_.wait(asio::use_awaitable);
    }
  }
  co_return Error{Errc::unavailable, "the server is shutting down", {}};
}

asio::awaitable<Result<queue::JournalRange>> JournalWriter::close_segment() {
  while (!has_next_ && !spare_ && !stopping_ && !failed_) {
    if (disk_full_) {
      co_return Error{
          Errc::storage_full, "no room for another segment in " + journal_->settings().directory, {}};
    }
    wants_next_ = true;
    segment_bell_.ring();
    co_await prepared_.wait(asio::use_awaitable);
  }
  if (stopping_) co_return Error{Errc::unavailable, "the server is shutting down", {}};
  new_segment_ = true;
  changed();
  co_await written();
  if (auto done = outcome(); !done) co_return done.error();
  compacting_ = true;
  co_return closed_;
}

void JournalWriter::compaction_ended(const Result<queue::Compacted>& done) {
  compacting_ = false;
  if (done) compacted_ = *done;
  if (!in_flight_) between_batches();
}

void JournalWriter::stop() {
  stopping_ = true;
  bell_.ring();
  segment_bell_.ring();
}

}  // namespace sisyphus::actors
