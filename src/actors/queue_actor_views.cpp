#include "actors/queue_actor.hpp"
#include "core/format_id.hpp"
#include "net/wire.hpp"

#include <spdlog/spdlog.h>

#include <utility>

// What readers are shown of jobs.
namespace sisyphus::actors {

void QueueActor::complete_view(JobView& view) const {
  if (!view.worker_id.empty()) view.hostname = workers_.hostname(view.worker_id);
  if (view.state != JobState::queued || !view.waiting_for.empty()) return;
  if (jobs_.disabled()) {
    view.waiting_for = "the queue: it is disabled";
  } else if (const Requirements* const needs = jobs_.needs(view.id)) {
    const SteadyTime now = clock_.now().steady;
    view.waiting_for = workers_.missing_for(*needs, now);
    if (view.waiting_for.empty())
      view.waiting_for = workers_.in_use_for(
          *needs, [this] { return jobs_.running(); }, now);
  }
}

asio::awaitable<void> QueueActor::settled(std::optional<JobId> id) {
  const auto on_its_way = [&] { return jobs_.announces(*id) || journal_->flying(*id); };
  if (!id) co_await written();
  while (id && !journal_->failed() && on_its_way()) co_await written();
}

Result<queue::HistoryText> QueueActor::read_text(const JobId& id, const queue::HistoryPlace& place) const {
  auto unwritten = jobs_.unwritten_text(place);
  if (!unwritten) unwritten = journal_->flying_text(place);
  if (!unwritten) return queue::read_history(journal_->files(), settings_.data_dir, place, id);
  return queue::decode_history_entry(*unwritten, id).value();
}

// What a finished job has said is in a file; the queue has its message in brief.
void QueueActor::add_text(JobView& view) const {
  const queue::HistoryPlace place = jobs_.text_of(view.id);
  if (!place) return;
  auto text = read_text(view.id, place);
  if (text) {
    view.message = std::move(text->message);
    view.info = std::move(text->info);
    return;
  }
  if (damaged_texts_.insert(view.id).second)
    spdlog::error("history_damaged job_id={} error=\"{}\"", view.id, text.error().detail);
  if (!view.message.empty()) view.message += ' ';
  view.message += fmt::format("(what else it said cannot be read: {})", text.error().detail);
}

Result<JobView> QueueActor::job(const JobId& id) const {
  auto view = jobs_.view(id);
  if (!view) return view;
  complete_view(*view);
  add_text(*view);
  return view;
}

Result<JobPage> QueueActor::jobs(std::optional<JobState> state, std::size_t limit,
                                 std::string_view cursor) const {
  auto page = jobs_.page(state, limit, cursor);
  if (page) {
    for (JobView& view : page->jobs) {
      complete_view(view);
      add_text(view);
    }
  }
  return page;
}

QueueView QueueActor::queue(std::size_t limit) const {
  return jobs_.waiting(limit);
}

std::unique_ptr<EventStream> QueueActor::subscribe(std::optional<JobId> id, std::string_view last_event_id) {
  if (!id) return events_->subscribe(std::nullopt, last_event_id);
  const auto view = job(*id);
  if (!view) return events_->subscribe(id, last_event_id);
  return events_->subscribe_from(id, last_event_id, net::sse_event("", "state", net::state_event_json(*view)),
                                 is_terminal(view->state));
}

}  // namespace sisyphus::actors
