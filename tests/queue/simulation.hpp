#pragma once

#include "queue/compaction.hpp"
#include "queue/history.hpp"
#include "queue/journal.hpp"
#include "tests/queue/queue_fixture.hpp"
#include "tests/queue/reference_queue.hpp"
#include "tests/support/memory_file_system.hpp"

#include <array>
#include <random>

namespace sisyphus::queue {

// How often what has to be survived happened, over all histories.
struct Seen {
  int histories = 0;
  int acknowledged = 0;
  int killed = 0;
  int power_lost = 0;
  int disk_failed = 0;
  int torn = 0;
  int unknown_kept = 0;  // changes that nobody was told of, and are there
  int unknown_lost = 0;
  int completed = 0;
  int adopted = 0;
  int compacted = 0;
  int not_compacted = 0;  // because of the disk
  int texts = 0;
  int texts_lost = 0;  // because the disk was full
  int text_files = 0;  // that were begun
};

// One random history of a server: JobQueue, Journal and History over a faulty disk and a clock that jumps,
// with clients that remember every token, right or stale. A step that is wrong sets `wrong()`.
class Simulation {
 public:
  Simulation(std::uint32_t seed, Seen& seen) : random_(seed), seen_(seen) { start(); }

  void run() {
    for (int i = 0; i < kSteps && wrong_.empty(); ++i) {
      for (std::size_t operations = 1 + below(4); operations != 0 && wrong_.empty(); --operations)
        operation();
      if (wrong_.empty()) compare_all();
      if (wrong_.empty()) commit();
    }
  }
  const std::string& wrong() const { return wrong_; }
  const std::vector<std::string>& trace() const { return trace_; }

 private:
  static constexpr std::uint64_t kSegment = 8192;  // bytes: small, so that histories span several
  static constexpr int kSteps = 120;

  // ---- the server

  static Policy policy() {
    Policy policy;
    policy.history_segment = 3000;  // bytes
    policy.reserve_after = 20s;     // so that histories come to it
    return policy;
  }

  void start() {
    for (;;) {
      const bool fails = below(8) == 0;
      if (fails) disk_.fail_from_call(below(8), below(2) == 0 ? EIO : ENOSPC);
      if (open()) break;
      if (!fails) return check("the journal was refused: " + refused_);
      ++seen_.disk_failed;
      go_down(below(2) == 0);
    }
    disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    if (wrong_.empty()) commit();
  }

  bool open() {
    queue_ = std::make_unique<JobQueue>(policy(), random_());
    auto journal = Journal::open(disk_, {"j", kSegment},
                                 [this](Record&& record) { return queue_->replay(std::move(record)); });
    if (!journal) {
      refused_ = journal.error().detail;
      return false;
    }
    auto history = History::open(disk_, "j", queue_->table().history());
    if (!history) {
      refused_ = history.error().detail;
      return false;
    }
    history_ = std::move(*history);
    for (const std::string& trouble : history_->troubles()) {
      const bool not_removed = trouble.starts_with("cannot remove");  // the disk fails just now
      check(not_removed ? "" : "a start finds: " + trouble);
    }
    journal_ = std::move(*journal);
    if (!journal_->repaired().empty()) ++seen_.torn;
    // A batch is there as a whole or not at all, and all that was acknowledged is there (I1).
    const std::uint64_t batches = journal_->last_sequence();
    if (batches == acknowledged_ + unknown_) {
      if (unknown_ != 0) ++seen_.unknown_kept;
      durable_ = pending_;
    } else if (batches == acknowledged_ && !known_synced_) {
      ++seen_.unknown_lost;
      pending_ = durable_;
    } else {
      check(fmt::format("I1: {} batches were acknowledged and {} more written, {} came back", acknowledged_,
                        unknown_, batches));
      return true;
    }
    acknowledged_ = batches;
    unknown_ = 0;
    known_synced_ = false;
    queue_->open(now_, history_->end());
    pending_.restarted(now_);
    compare_all();
    return true;
  }

  void go_down(bool power_lost) {
    trace("down {}", power_lost ? "without power" : "killed");
    ++(power_lost ? seen_.power_lost : seen_.killed);
    journal_.reset();
    history_.reset();
    disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    if (power_lost) disk_.lose_power(random_);
    if (below(3) == 0) jump();
  }

  // What the last operations changed is one batch: written, synced, acknowledged, or cut off in between.
  void commit() {
    JobQueue::Changes changes = queue_->take_changes();
    if (changes.record_count == 0) return;
    unknown_ = 1;
    prepare_segment();
    const std::size_t fate = below(20);
    if (fate == 0) disk_.fail_from_call(below(8), below(2) == 0 ? EIO : ENOSPC);
    if (fate == 1 || !write_texts(changes)) return restart();
    const bool written = journal_->write(std::move(changes.records)).has_value();
    if (written && fate == 2) return restart();
    if (!written || !journal_->sync()) {
      ++seen_.disk_failed;
      return restart();
    }
    known_synced_ = true;
    if (fate == 3) return restart();
    disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    acknowledged_ += unknown_;
    unknown_ = 0;
    known_synced_ = false;
    durable_ = pending_;
    ++seen_.acknowledged;
    check(history_->clean_up(changes.history) ? "" : "the history was not cleaned up");
    if (below(15) == 0) compact_journal();
  }

  // Before the batch that refers to them; now and then the disk has no room just then.
  bool write_texts(JobQueue::Changes& changes) {
    const auto& pieces = changes.history.pieces;
    const bool full = !pieces.empty() && below(10) == 0;
    if (full) disk_.fail_from_call(below(2), ENOSPC);
    const auto lost = history_->write(pieces, changes.records);
    if (full) disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    if (!lost || !history_->sync()) {
      ++seen_.disk_failed;
      return false;
    }
    seen_.texts += static_cast<int>(pieces.size());
    seen_.texts_lost += static_cast<int>(lost->size());
    for (const HistoryPiece& piece : pieces) seen_.text_files += piece.offset == kHistoryHeaderSize ? 1 : 0;
    for (const HistoryLost& one : *lost) queue_->history_lost(one);
    pending_.texts_written(lost->empty());
    return true;
  }

  void compare_all() {
    check(pending_.difference(*queue_, [this](const JobView& view) -> Result<HistoryText> {
      const HistoryPlace place = queue_->text_of(view.id);
      if (!place) return HistoryText{view.message, ""};
      if (const auto bytes = queue_->unwritten_text(place))
        return decode_history_entry(*bytes, view.id).value();
      return read_history(disk_, "j", place, view.id);
    }));
  }

  void compact_journal() {
    check(journal_->start_segment() ? "" : "no new segment");
    const bool fails = below(3) == 0;
    if (fails) disk_.fail_from_call(below(12), below(2) == 0 ? EIO : ENOSPC);
    const auto done = compact(disk_, journal_->closed(), {});
    trace("compaction: {}", done ? "done" : done.error().detail);
    check(done || fails ? "" : "the compaction failed: " + done.error().detail);
    ++(done ? seen_.compacted : seen_.not_compacted);
    if (done) journal_->compacted(done->first_segment, done->snapshot_size);
    disk_.fail_from_call(MemoryFileSystem::kNever, 0);
    if (below(3) == 0) restart();
  }

  void restart() {
    go_down(below(2) == 0);
    start();
  }

  void prepare_segment() {
    if (!journal_->wants_next() || below(2) == 0) return;
    const std::uint64_t number = journal_->next_number();
    auto file = Journal::prepare(disk_, journal_->settings(), number);
    check(file ? "" : file.error().detail);
    if (file) check(journal_->take_next(number, std::move(*file)) ? "" : "take_next failed");
  }

  // ---- its clients

  void operation() {
    const std::size_t what = below(100);
    if (what < 18) return submit();
    if (what < 36) return take();
    if (what < 50) return complete();
    if (what < 62) return renew();
    if (what < 66) return hand_back();
    if (what < 69) return undelivered();
    if (what < 71)
      return compare("irreversible", queue_->mark_irreversible(last_id_, token()),
                     [&] { return pending_.mark_irreversible(last_id_, token_); });
    if (what < 75) return people();
    if (what < 95) return pass(Millis(below(4) == 0 ? below(90'000) : below(5'000)));
    if (what < 97) return rare();
    jump();
    pass(Millis(0));
  }

  void submit() {
    ReferenceQueue::Job job;
    job.max_attempts = 1 + static_cast<int>(below(3));
    job.priority = static_cast<int>(below(3)) - 1;
    job.needs.modules = {below(3) == 0 ? "b" : "a"};
    std::string more = fmt::format(R"(,"max_attempts":{},"priority":{})", job.max_attempts, job.priority);
    if (below(4) == 0) {
      job.key = fmt::format("k{}", below(15));
      more += fmt::format(R"(,"idempotency_key":"{}")", job.key);
    }
    if (below(6) == 0) {
      job.date = now_.wall + Millis(below(60'000));
      more += fmt::format(R"(,"not_before":"{}")", rfc3339(*job.date));
    }
    if (below(5) == 0) {
      const double amount = below(2) == 0 ? 1 : 2;
      job.needs.resources = {{"gpu", amount}};
      more += fmt::format(R"(,"requires":{{"resources":{{"gpu":{}}}}})", amount);
    }
    std::vector<JobDocument> documents;
    documents.push_back(make_document("t", job.needs.modules.front(), more, now_.wall));
    const JobId fresh = documents.front().id;
    const auto known = pending_.find_key(job.key);
    last_id_ = queue_->submit(std::move(documents), now_).at(0);
    trace("submit {} {}", sisyphus::to_string(last_id_), more);
    check(last_id_ == known.value_or(fresh) ? "" : "a known idempotency key gave another job");
    if (known) return;
    ids_.push_back(fresh);
    pending_.submit(fresh, std::move(job), now_);
  }

  void take() {
    Offer offer;
    if (below(3) == 0) offer.modules = {"a"};
    if (below(2) == 0) offer.resources["gpu"] = static_cast<double>(below(3));
    Offer whole = offer;
    if (below(2) == 0) whole.resources["gpu"] = 2;
    const std::string who = worker();
    const std::size_t max = 1 + below(3);
    const std::vector<Grant> given = queue_->grant(who, offer, max, now_, &whole);
    for (const Grant& grant : given) {
      trace("\"{}\" gets {} with {}, attempt {}", who, sisyphus::to_string(grant.id),
            sisyphus::to_string(grant.token), grant.attempt);
      grants_.push_back(grant);
      last_id_ = grant.id;
    }
    check(pending_.grant(who, offer, max, given, now_, whole));
  }

  void complete() {
    Completion completion;
    completion.id = below(3) == 0 ? any_id() : running_id();
    completion.failed = below(3) == 0;
    completion.retryable = below(2) == 0;
    completion.message =
        completion.failed ? "it broke" + std::string(below(3) == 0 ? below(1500) : 0, '!') : "";
    if (below(2) == 0) completion.info = fmt::format(R"({{"log":"{}"}})", std::string(below(800), 'x'));
    if (below(4) == 0) {
      completion.worker_id = worker();
    } else {
      completion.token = token();
    }
    const bool ran = pending_.jobs().contains(completion.id) &&
                     pending_.jobs().at(completion.id).state == JobState::running;
    compare("complete", queue_->complete(completion, now_),
            [&] { return pending_.complete(completion, now_); });
    if (ran && pending_.jobs().at(completion.id).state == JobState::completed) ++seen_.completed;
  }

  void renew() {
    last_id_ = below(4) == 0 ? any_id() : running_id();
    HeldLease lease{last_id_, below(4) == 0 ? std::nullopt : std::optional(token())};
    const std::string who = named_worker();
    const LeaseVerdict verdict = queue_->renew(who, lease, now_);
    trace("\"{}\" renews {} with {}: {}", who, sisyphus::to_string(last_id_),
          sisyphus::to_string(lease.token.value_or(LeaseToken())), static_cast<int>(verdict.verdict));
    if (verdict.verdict == Verdict::adopted) {
      ++seen_.adopted;
      grants_.push_back({last_id_, SharedText(), verdict.token, {}, 0});
    }
    check(pending_.renew(who, lease, verdict, now_));
  }

  void hand_back() {
    last_id_ = running_id();
    const HandBack back{last_id_, token(), "it stops"};
    compare("hand back", queue_->hand_back(back, now_), [&] { return pending_.hand_back(back, now_); });
  }

  void undelivered() {
    if (grants_.empty()) return;
    const Grant& grant = grants_[grants_.size() - 1 - below(std::min<std::size_t>(grants_.size(), 5))];
    trace("undelivered {} {}", sisyphus::to_string(grant.id), sisyphus::to_string(grant.token));
    queue_->undelivered(grant, now_);
    pending_.undelivered(grant);
  }

  void people() {
    const JobId id = below(2) == 0 ? any_id() : running_id();
    const int priority = static_cast<int>(below(3)) - 1;
    switch (below(5)) {
      case 4:
        return compare("priority", queue_->set_priority(id, priority, now_),
                       [&] { return pending_.set_priority(id, priority); });
      case 0:
        return compare("cancel", queue_->cancel(id, now_), [&] { return pending_.cancel(id); });
      case 1:
        return compare("pause", queue_->pause(id, now_), [&] { return pending_.pause(id); });
      case 2:
        return compare("resume", queue_->resume(id, now_), [&] { return pending_.resume(id, now_); });
      default:
        trace("retry {}", sisyphus::to_string(id));
        return check(pending_.retry(id, queue_->retry(id, now_), now_));
    }
  }

  void rare() {
    const std::size_t what = below(10);
    if (what == 0) {
      trace("clear");
      static_cast<void>(queue_->clear(0, queue_->next_order()));
      pending_.clear();
    } else if (what < 4) {
      const bool disabled = below(2) == 0;
      trace("disabled {}", disabled);
      queue_->set_disabled(disabled);
      pending_.set_disabled(disabled);
    } else {
      const JobId id = any_id();
      compare("remove", queue_->remove(id, now_), [&] { return pending_.remove(id); });
    }
  }

  void pass(Millis span) {
    trace("{} ms pass", span.count());
    now_.steady += span;
    now_.wall += span;
    queue_->tick(now_);
    pending_.time_has_come(now_);
  }

  void jump() {
    const auto span = Millis(2'000 + below(400'000'000));
    now_.wall += below(2) == 0 ? span : -span;
    trace("the clock is set to {}", rfc3339(now_.wall));
  }

  // ---- small things

  template <class T, class Expected>
  void compare(const char* what, const Result<T>& result, Expected expected) {
    const auto refusal = expected();
    const auto got = result ? std::nullopt : std::optional(result.error().code);
    trace("{} {} {}: {}", what, sisyphus::to_string(last_id_), sisyphus::to_string(token_),
          result ? "" : result.error().detail);
    const auto name = [](std::optional<Errc> code) { return code ? sisyphus::to_string(*code) : "ok"; };
    check(got == refusal ? "" : fmt::format("{}: {}, expected {}", what, name(got), name(refusal)));
  }
  void check(std::string wrong) {
    if (wrong_.empty()) wrong_ = std::move(wrong);
  }
  template <class... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) {
    trace_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::string named_worker() { return std::array<std::string, 3>{"w1", "w2", "w3"}[below(3)]; }
  std::string worker() { return std::array<std::string, 4>{"w1", "w2", "w3", ""}[below(4)]; }
  JobId any_id() {
    if (ids_.empty()) return make_uuid();
    return last_id_ = ids_[ids_.size() - 1 - below(std::min<std::size_t>(ids_.size(), 20))];
  }
  JobId running_id() {
    if (grants_.empty()) return any_id();
    return last_id_ = grants_[grants_.size() - 1 - below(std::min<std::size_t>(grants_.size(), 6))].id;
  }
  // Mostly the newest one of the job that was drawn last, now and then a stale or a stranger's.
  LeaseToken token() {
    token_ = {1, 1'000'000};
    for (auto grant = grants_.rbegin(); grant != grants_.rend(); ++grant) {
      if (grant->token && (grant->id == last_id_ ? below(8) != 0 : below(50) == 0))
        return token_ = grant->token;
    }
    return token_;
  }

  std::minstd_rand random_;
  Seen& seen_;
  MemoryFileSystem disk_;
  Now now_{SteadyTime(1000s), WallTime(Millis(kBirth))};
  std::unique_ptr<JobQueue> queue_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<History> history_;
  std::string refused_;
  ReferenceQueue durable_{policy()};  // what was acknowledged
  ReferenceQueue pending_{policy()};  // and what was done since
  std::size_t acknowledged_ = 0;      // batches of the one
  std::size_t unknown_ = 0;           // and those that the other has besides
  bool known_synced_ = false;         // these are on disk, and nobody was told
  std::vector<JobId> ids_;
  std::vector<Grant> grants_;
  JobId last_id_ = make_uuid();
  LeaseToken token_;
  std::vector<std::string> trace_;
  std::string wrong_;
};

}  // namespace sisyphus::queue
