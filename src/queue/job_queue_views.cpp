#include "queue/attempts.hpp"
#include "queue/job_queue.hpp"

#include <algorithm>
#include <charconv>

// What the outside is shown.
namespace sisyphus::queue {

bool tell_of(const std::vector<Effect>& effects, const JobId& id) {
  return std::any_of(effects.begin(), effects.end(), [&id](const Effect& effect) { return effect.id == id; });
}

namespace {

std::optional<WallTime> wall_time(std::int64_t at) {
  if (at == 0) return std::nullopt;
  return WallTime(Millis(at));
}

}  // namespace

JobView JobQueue::make_view(const Job& job, bool with_document) const {
  JobView view;
  view.id = job.id;
  view.state = job.shown_state();
  view.priority = job.priority;
  view.attempt = static_cast<int>(job.attempt);
  view.max_attempts = job.max_attempts;
  if (job.run) {
    view.worker_id = job.run->worker_id;
    view.anonymous = job.run->anonymous;
    view.progress = job.run->progress;
    view.started_at = wall_time(job.run->started_at);
  }
  if (job.outcome) {
    view.worker_id = job.outcome->worker_id;
    view.unconfirmed = job.outcome->unconfirmed;
    view.started_at = wall_time(job.outcome->started_at);
    view.finished_at = wall_time(job.outcome->at);
  }
  if (job.message) view.message = *job.message;
  if (job.waiting() && job.not_before != 0 && !job.blocked()) {
    view.waiting_for = "its time: not before " + rfc3339(WallTime(Millis(job.not_before)));
  }
  if (!with_document) return view;
  view.attempts = attempts_of(job);
  view.document = job.document.view();
  if (auto spec = read_stored_spec(job.document.view())) {
    view.title = std::move(spec->title);
    view.modules = std::move(spec->needs.modules);
  }
  return view;
}

Result<JobView> JobQueue::view(const JobId& id) const {
  const Job* const job = table_.find(id);
  if (job == nullptr) return no_such_job(id);
  return make_view(*job, true);
}

HistoryPlace JobQueue::text_of(const JobId& id) const {
  const Job* const job = table_.find(id);
  return job != nullptr && job->outcome ? job->outcome->text : HistoryPlace();
}

std::uint64_t JobQueue::live_bytes() const {
  constexpr std::uint64_t kBeside = 64;  // about what a waiting job's record takes beside its document
  return table_.document_bytes() + kBeside * table_.size();
}

const Requirements* JobQueue::needs(const JobId& id) const {
  const Job* const job = table_.find(id);
  return job == nullptr ? nullptr : &job->kind->needs;
}

Running JobQueue::running() const {
  Running running;
  for (const auto& [needs, kind] : table_.classes()) {
    for (const Run& run : kind.running) running[run.worker_id].push_back(&needs);
  }
  return running;
}

QueueView JobQueue::waiting(std::size_t limit) const {
  QueueView view{{}, table_.waiting_count(), disabled_};
  std::vector<std::pair<JobClass::Ready::const_iterator, JobClass::Ready::const_iterator>> heads;
  for (const auto& [needs, kind] : table_.classes()) {
    if (!kind.ready.empty()) heads.emplace_back(kind.ready.begin(), kind.ready.end());
  }
  while (view.documents.size() < limit && !heads.empty()) {
    const auto next = std::min_element(heads.begin(), heads.end(), [](const auto& a, const auto& b) {
      return JobClass::Before()(*a.first, *b.first);
    });
    view.documents.emplace_back(next->first->document.view());
    if (++next->first == next->second) heads.erase(next);
  }
  const bool others = table_.waiting_count() > view.documents.size();
  for (auto at = table_.ordered().begin();
       others && view.documents.size() < limit && at != table_.ordered().end(); ++at) {
    if (at->waiting() && !at->by_readiness.is_linked()) view.documents.emplace_back(at->document.view());
  }
  return view;
}

Result<JobPage> JobQueue::page(std::optional<JobState> state, std::size_t limit,
                               std::string_view cursor) const {
  JobPage page;
  auto at = table_.ordered().end();
  if (!cursor.empty()) {
    std::uint64_t order = 0;
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), order);
    if (error != std::errc() || end != cursor.data() + cursor.size()) {
      return invalid("cursor must be one that an earlier page gave");
    }
    at = table_.ordered().lower_bound(order);
  }
  while (at != table_.ordered().begin()) {
    --at;
    if (state && at->shown_state() != *state) continue;
    if (page.jobs.size() == limit) {
      page.next_cursor = std::to_string(std::next(at)->order);
      break;
    }
    page.jobs.push_back(make_view(*at, true));
  }
  return page;
}

}  // namespace sisyphus::queue
