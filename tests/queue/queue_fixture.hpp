#pragma once

#include "core/job_document.hpp"
#include "queue/job_queue.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::queue {

using namespace std::chrono_literals;

inline constexpr std::int64_t kBirth = 1'770'000'000'000;  // wall clock of the tests' first moment

// A document of one task of `module`, with more members (",\"priority\":1").
inline JobDocument make_document(std::string_view title, std::string_view module = "ffmpeg",
                                 std::string_view more = "", WallTime added = WallTime(Millis(kBirth))) {
  auto submission = read_submission(
      fmt::format(R"({{"job_title":"{}","tasks":[{{"module":"{}","data":{{}}}}]{}}})", title, module, more),
      added);
  return std::move(submission.value().jobs.at(0));
}

inline std::vector<Record> records_of(std::string_view bytes) {
  std::vector<Record> records;
  while (!bytes.empty()) records.push_back(decode(bytes).value());
  return records;
}

// A queue with a clock that stands until it is told to go on.
class QueueTest : public testing::Test {
 protected:
  QueueTest() { queue_->open(now_); }

  static Policy policy() { return {}; }
  static Offer any() { return {}; }
  static Offer offering(std::initializer_list<const char*> modules,
                        std::initializer_list<const char*> labels = {},
                        std::map<std::string, double> resources = {}) {
    return {std::vector<std::string>(modules.begin(), modules.end()),
            {labels.begin(), labels.end()},
            std::move(resources)};
  }

  JobId submit(std::string_view title = "t", std::string_view module = "ffmpeg", std::string_view more = "") {
    std::vector<JobDocument> documents;
    documents.push_back(make_document(title, module, more, now_.wall));
    return queue_->submit(std::move(documents), now_).at(0);
  }
  Grant grant(const std::string& worker = "w1", const Offer& offer = {}) {
    auto grants = queue_->grant(worker, offer, 1, now_);
    if (grants.empty()) {
      ADD_FAILURE() << "nothing was granted to " << worker;
      return {};
    }
    return std::move(grants.front());
  }
  std::vector<std::string> granted_titles(const std::string& worker = "w1", std::size_t max = 100,
                                          const Offer& offer = {}) {
    std::vector<std::string> titles;
    for (const Grant& grant : queue_->grant(worker, offer, max, now_)) titles.push_back(view(grant.id).title);
    return titles;
  }
  bool offered_to(const std::string& worker) {
    return queue_->has_ready() && !queue_->grant(worker, {}, 1, now_).empty();
  }

  JobView view(const JobId& id) const { return queue_->view(id).value(); }
  JobState state(const JobId& id) const { return view(id).state; }
  // What a finished job has said, while it is on its way to the history's files.
  HistoryText said(const JobId& id) const {
    const HistoryPlace place = queue_->text_of(id);
    if (!place) return {view(id).message, ""};
    return decode_history_entry(queue_->unwritten_text(place).value(), id).value();
  }
  void pass(Millis span) {
    now_.steady += span;
    now_.wall += span;
    queue_->tick(now_);
  }
  void pass_backoff() { pass(policy().backoff_cap * 2); }
  void lose_lease() { pass(policy().lease); }

  Completion done(const Grant& grant, bool failed = false, bool retryable = false) {
    return {grant.id, grant.token, "", failed, retryable, "", failed ? "it broke" : ""};
  }
  Completion told(const JobId& id, std::string worker, bool failed = false) {
    return {id, std::nullopt, std::move(worker), failed, false, "", ""};
  }
  Result<void> complete(const Completion& completion) { return queue_->complete(completion, now_); }
  Errc completion_error(const Completion& completion) {
    const auto result = complete(completion);
    EXPECT_FALSE(result);
    return result ? Errc{} : result.error().code;
  }
  Verdict renew(const std::string& worker, const JobId& id, std::optional<LeaseToken> token) {
    return queue_->renew(worker, {id, token}, now_).verdict;
  }
  std::size_t new_records() {
    const auto changes = queue_->take_changes();
    log_ += changes.records;
    return changes.record_count;
  }

  // What a server that starts now makes of the records up to here.
  std::unique_ptr<JobQueue> restarted() {
    log_ += queue_->take_changes().records;
    auto fresh = std::make_unique<JobQueue>(policy(), 2);
    for (const Record& record : records_of(log_)) EXPECT_TRUE(fresh->replay(record));
    fresh->open(now_);
    return fresh;
  }
  void restart() { queue_ = restarted(); }

  Now now_{SteadyTime(1000s), WallTime(Millis(kBirth))};
  std::unique_ptr<JobQueue> queue_ = std::make_unique<JobQueue>(policy(), 1);
  std::string log_;
};

}  // namespace sisyphus::queue
