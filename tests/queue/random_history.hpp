#pragma once

#include "tests/queue/queue_fixture.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace sisyphus::queue {

inline Policy random_policy() {
  Policy policy;
  policy.history = 15;
  return policy;
}

// A queue that is driven by chance, with all that its clients would remember.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint32_t seed) : random_(seed) { queue_->open(now_); }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
        submit();
        break;
      case 3:
      case 4:
      case 5:
        take();
        break;
      case 6:
      case 7:
        static_cast<void>(
            queue_->complete({any_id(), token(), worker(), below(2) == 0, below(2) == 0, "{}", "why"}, now_));
        break;
      case 8:
        static_cast<void>(
            queue_->complete({any_id(), std::nullopt, worker(), below(2) == 0, false, "{}", ""}, now_));
        break;
      case 9:
        static_cast<void>(queue_->hand_back({last_id_, token(), "back"}, now_));
        break;
      case 10:
        renew();
        break;
      case 11:
        static_cast<void>(queue_->mark_irreversible(last_id_, token()));
        break;
      case 12:
        static_cast<void>(queue_->cancel(any_id(), now_));
        break;
      case 13:
        static_cast<void>(queue_->pause(any_id(), now_));
        break;
      case 14:
        static_cast<void>(queue_->resume(any_id(), now_));
        break;
      case 15:
        static_cast<void>(queue_->retry(any_id(), now_));
        break;
      case 16:
        pass(Millis(below(90'000)));
        break;
      case 17:
        if (!grants_.empty()) queue_->undelivered(grants_[below(grants_.size())], now_);
        break;
      case 18:
        rare();
        break;
      default:
        pass(Millis(below(3'000)));
        break;
    }
    log_ += queue_->take_changes().records;
  }

  void restart() {
    queue_ = replayed();
    log_ += queue_->take_changes().records;
  }

  std::unique_ptr<JobQueue> replayed() {
    auto fresh = std::make_unique<JobQueue>(random_policy(), random_());
    for (const Record& record : records_of(log_)) EXPECT_TRUE(fresh->replay(record));
    fresh->open(now_);
    return fresh;
  }

  // What a restart must not change. Progress is not journaled.
  static std::string shown(const JobQueue& queue) {
    std::string text;
    const QueueView waiting = queue.waiting(1'000'000);
    text += fmt::format("entries {} disabled {}\n", waiting.entries, waiting.disabled);
    for (const std::string& document : waiting.documents) text += document + "\n";
    const JobPage page = queue.page({}, 1'000'000, "").value();
    for (const JobView& job : page.jobs) {
      const HistoryPlace said = queue.text_of(job.id);
      text += fmt::format(
          "{} {} attempt {} of {} priority {} unconfirmed {} started {} finished {} text {}/{}+{} message "
          "'{}' waits '{}' worker '{}' {}\n",
          sisyphus::to_string(job.id), to_string(job.state), job.attempt, job.max_attempts, job.priority,
          job.unconfirmed, job.started_at ? rfc3339(*job.started_at) : "",
          job.finished_at ? rfc3339(*job.finished_at) : "", said.segment, said.offset, said.size, job.message,
          job.waiting_for, job.worker_id, job.document);
      for (const Attempt& attempt : job.attempts) {
        text += fmt::format("  {} {} {} {} {}\n", attempt.number, to_string(attempt.end), attempt.worker_id,
                            rfc3339(attempt.started_at), attempt.reason);
      }
    }
    return text;
  }

  void check_bounds() const {
    const JobPage page = queue_->page({}, 1'000'000, "").value();
    for (const JobView& job : page.jobs) {
      ASSERT_LE(job.attempt, job.max_attempts) << sisyphus::to_string(job.id);
      ASSERT_GE(job.attempt, 0);
    }
  }

  const JobQueue& queue() const { return *queue_; }
  // The records since the last call.
  std::string new_records() { return log_.substr(std::exchange(taken_, log_.size())); }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::string worker() { return std::array<std::string, 4>{"w1", "w2", "w3", ""}[below(4)]; }

  JobId any_id() {
    if (ids_.empty()) return make_uuid();
    const std::size_t back = std::min<std::size_t>(ids_.size(), 30);
    last_id_ = ids_[ids_.size() - 1 - below(back)];
    return last_id_;
  }

  // Mostly the one that belongs to the job that was drawn last.
  LeaseToken token() {
    for (auto grant = grants_.rbegin(); grant != grants_.rend() && below(10) != 0; ++grant) {
      if (grant->id == last_id_) return grant->token;
    }
    return grants_.empty() ? LeaseToken{1, 1} : grants_[below(grants_.size())].token;
  }

  void submit() {
    std::string more =
        fmt::format(R"(,"max_attempts":{},"priority":{})", 1 + below(3), static_cast<int>(below(3)) - 1);
    if (below(5) == 0) more += fmt::format(R"(,"idempotency_key":"k{}")", below(20));
    if (below(5) == 0)
      more += fmt::format(R"(,"not_before":"{}")", rfc3339(now_.wall + Millis(below(60'000))));
    if (below(5) == 0) more += R"(,"requires":{"resources":{"gpu":1}})";
    std::vector<JobDocument> documents;
    documents.push_back(make_document("t", below(2) == 0 ? "a" : "b", more, now_.wall));
    ids_.push_back(queue_->submit(std::move(documents), now_).at(0));
  }

  void take() {
    Offer offer;
    if (below(3) == 0) offer.modules = {"a"};
    if (below(2) == 0) offer.resources["gpu"] = 2;
    const std::string who = worker();
    for (const Grant& grant : queue_->grant(who, offer, 1 + below(3), now_)) {
      last_id_ = grant.id;
      grants_.push_back(grant);
    }
  }

  void renew() {
    const JobId id = any_id();
    const std::optional<LeaseToken> said = below(4) == 0 ? std::nullopt : std::optional(token());
    const LeaseVerdict verdict = queue_->renew(worker(), {id, said}, now_);
    if (verdict.verdict == Verdict::adopted) grants_.push_back({id, SharedText(), verdict.token, {}, 0});
  }

  void rare() {
    const std::size_t what = below(12);
    if (what == 0) static_cast<void>(queue_->clear(0, queue_->next_order()));
    if (what == 1) queue_->set_disabled(below(2) == 0);
    if (what == 2) static_cast<void>(queue_->set_priority(any_id(), static_cast<int>(below(5)) - 2, now_));
    if (what > 2) static_cast<void>(queue_->remove(any_id(), now_));
  }

  void pass(Millis span) {
    now_.steady += span;
    now_.wall += span;
    queue_->tick(now_);
  }

  std::minstd_rand random_;
  Now now_{SteadyTime(1000s), WallTime(Millis(kBirth))};
  std::unique_ptr<JobQueue> queue_ = std::make_unique<JobQueue>(random_policy(), 1);
  std::string log_;
  std::size_t taken_ = 0;  // of the log, by new_records()
  std::vector<JobId> ids_;
  std::vector<Grant> grants_;
  JobId last_id_ = make_uuid();
};

}  // namespace sisyphus::queue
