#include "actors/queue_actor.hpp"
#include "core/format_id.hpp"
#include "net/wire.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

// What the world is told once it is in the journal: log, events, orders to workers.
namespace sisyphus::actors {
namespace {

void log_state(const queue::Effect& job) {
  if (!spdlog::should_log(spdlog::level::info)) return;
  std::string line;  // without format strings: three of these lines are written for each job
  line.reserve(160);
  line.append("job_").append(to_string(job.state)).append(" job_id=").append(to_string(job.id));
  line.append(" attempt=").append(std::to_string(job.attempt)).append(" worker=").append(job.worker_id);
  if (!job.message.empty() || job.unconfirmed) {
    line.append(" message=\"").append(job.message).append(job.unconfirmed ? "\" unconfirmed=true" : "\"");
  }
  spdlog::info(std::string_view(line));
}

}  // namespace

void QueueActor::publish(const std::vector<queue::Effect>& effects) {
  for (const queue::Effect& effect : effects) {
    logs_.job_changed(effect);
    if (const auto last = progress_.take(effect.id)) publish_progress(effect.id, *last);
    switch (effect.kind) {
      case queue::Effect::Kind::cancel:
        send_order("cancel", effect);
        break;
      case queue::Effect::Kind::pause:
        send_order("pause", effect);
        break;
      case queue::Effect::Kind::resume:
        send_order("resume", effect);
        break;
      case queue::Effect::Kind::removed:
        publish_event("removed", effect.id, true,
                      [&] { return fmt::format(R"({{"job_id":"{}"}})", effect.id); });
        break;
      case queue::Effect::Kind::state:
        log_state(effect);
        publish_event("state", effect.id, is_terminal(effect.state), [&] { return state_event(effect); });
        break;
    }
  }
}

void QueueActor::send_order(std::string_view order, const queue::Effect& effect) {
  control_.send(effect.worker_id, order,
                fmt::format(R"({{"job_id":"{}","lease":"{}"}})", effect.id, to_string(effect.token)));
}

// Renders the event only when somebody will read it.
template <class Render>
void QueueActor::publish_event(std::string_view type, const std::optional<JobId>& job, bool last_of_job,
                               Render render) {
  if (!events_->wanted()) return events_->skip();
  events_->publish(type, job, render(), last_of_job);
}

void QueueActor::publish_progress(const JobId& id, std::string_view members) {
  publish_event("progress", id, false, [&] { return fmt::format(R"({{"job_id":"{}",{}}})", id, members); });
}

// What the job is now, as it was when this happened: it may have gone on since, or be gone.
std::string QueueActor::state_event(const queue::Effect& effect) const {
  JobView view;
  if (auto now = jobs_.view(effect.id)) view = std::move(*now);
  view.id = effect.id;
  view.state = effect.state;
  view.attempt = static_cast<int>(effect.attempt);
  view.unconfirmed = effect.unconfirmed;
  view.worker_id = effect.worker_id;
  view.message = effect.message;
  if (!is_terminal(view.state)) view.finished_at.reset();
  complete_view(view);
  if (is_terminal(view.state)) add_text(view);
  return net::state_event_json(view);
}

void QueueActor::publish_worker(const WorkerView& worker, bool online) {
  publish_event("worker", std::nullopt, false, [&] {
    return boost::json::serialize(boost::json::object{
        {"worker_id", worker.worker_id}, {"hostname", worker.hostname}, {"online", online}});
  });
}

}  // namespace sisyphus::actors
