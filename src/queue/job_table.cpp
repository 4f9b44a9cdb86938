#include "queue/job_table.hpp"

#include <cstring>
#include <utility>

namespace sisyphus::queue {

std::size_t JobTable::ById::operator()(const JobId& id) const {
  std::uint64_t bits = 0;  // the id is random: any eight of its bytes will do
  std::memcpy(&bits, id.begin() + 8, sizeof bits);
  return bits * 0x9E3779B97F4A7C15ULL;
}

JobTable::~JobTable() {
  ordered_.clear();
  ended_.clear();
  for (auto& [needs, kind] : classes_) kind.ready.clear();
}

Job& JobTable::insert(std::unique_ptr<Job> owned, Requirements needs) {
  Job& job = *owned;
  auto [kind, fresh] = classes_.try_emplace(std::move(needs));
  if (fresh) kind->second.needs = kind->first;
  job.kind = &kind->second;
  ordered_.insert(ordered_.end(), job);
  if (job.idempotency_key) by_key_.insert(&job);
  if (job.waiting()) ++waiting_count_;
  document_bytes_ += job.document.size();
  by_id_.insert(std::move(owned));
  return job;
}

void JobTable::erase(Job& job) {
  unready(job);
  not_ended(job);
  set_timer(job, std::nullopt);
  ordered_.erase(ordered_.iterator_to(job));
  if (job.idempotency_key) by_key_.erase(&job);
  if (job.waiting()) --waiting_count_;
  document_bytes_ -= job.document.size();
  by_id_.erase(by_id_.find(job.id));
}

void JobTable::set_state(Job& job, JobState state) {
  if (job.waiting()) --waiting_count_;
  job.state = state;
  if (job.waiting()) ++waiting_count_;
}

void JobTable::set_document(Job& job, SharedText document) {
  document_bytes_ += document.size();
  document_bytes_ -= job.document.size();
  job.document = std::move(document);
}

Job* JobTable::find(const JobId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->get();
}

Job* JobTable::find_order(std::uint64_t order) {
  const auto found = ordered_.find(order);
  return found == ordered_.end() ? nullptr : &*found;
}

const Job* JobTable::find_order(std::uint64_t order) const {
  const auto found = ordered_.find(order);
  return found == ordered_.end() ? nullptr : &*found;
}

Job* JobTable::find_key(std::string_view idempotency_key) const {
  const auto found = by_key_.find(idempotency_key);
  return found == by_key_.end() ? nullptr : *found;
}

void JobTable::make_ready(Job& job) {
  news_ = true;  // also of one that is ready already: another worker may have it now
  if (job.by_readiness.is_linked()) return;
  job.kind->ready.insert(job.kind->ready.end(), job);
  ++ready_count_;
}

void JobTable::unready(Job& job) {
  if (!job.by_readiness.is_linked()) return;
  job.kind->ready.erase(job.kind->ready.iterator_to(job));
  if (job.kind->ready.empty()) not_passed_over(*job.kind);
  --ready_count_;
}

void JobTable::not_passed_over(JobClass& kind) {
  if (!kind.passed_over) return;
  kind.passed_over.reset();
  news_ = true;
}

void JobTable::set_timer(Job& job, std::optional<SteadyTime> when) {
  if (job.timer) timers_.erase({*job.timer, &job});
  job.timer = when;
  if (when) timers_.insert({*when, &job});
}

std::optional<SteadyTime> JobTable::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

Job* JobTable::due(SteadyTime now) {
  if (timers_.empty() || timers_.begin()->first > now) return nullptr;
  Job* const job = timers_.begin()->second;
  set_timer(*job, std::nullopt);
  return job;
}

void JobTable::ended(Job& job) {
  not_ended(job);
  ended_.push_back(job);
  history_.take(job.outcome->text);
}

void JobTable::not_ended(Job& job) {
  if (!job.by_end.is_linked()) return;
  ended_.erase(ended_.iterator_to(job));
  history_.drop(job.outcome->text);
}

void JobTable::lose_text(Job& job) {
  history_.drop(std::exchange(job.outcome->text, {}));
}

Job* JobTable::oldest_ended() {
  return ended_.empty() ? nullptr : &ended_.front();
}

}  // namespace sisyphus::queue
