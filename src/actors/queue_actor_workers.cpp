#include "actors/queue_actor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

// Workers, the documents of modules, and the server's own state.
namespace sisyphus::actors {

asio::awaitable<Result<std::vector<LeaseVerdict>>> QueueActor::heartbeat(Heartbeat beat) {
  const Now now = clock_.now();
  if (workers_.heard(beat, now.steady)) {
    spdlog::info("worker_online worker={} hostname={}", beat.worker_id, beat.hostname);
    publish_worker({beat.worker_id, beat.hostname, {}, workers_.disabled(beat.worker_id)}, true);
  }
  std::vector<LeaseVerdict> verdicts;
  for (const HeldLease& lease : beat.jobs) verdicts.push_back(jobs_.renew(beat.worker_id, lease, now));
  if (jobs_.has_changes()) {
    co_await written();
    if (auto done = journal_->outcome(); !done) co_return done.error();
  } else {
    changed();
  }
  co_return verdicts;
}

std::vector<WorkerView> QueueActor::workers() const {
  return workers_.all(clock_.now().steady);
}

Result<WorkerView> QueueActor::worker(const std::string& id) const {
  auto found = workers_.find(id, clock_.now().steady);
  if (!found)
    return not_found(
        fmt::format("worker {} was not heard for {} s", id, settings_.worker_expiry.count() / 1000));
  return std::move(*found);
}

asio::awaitable<Result<void>> QueueActor::set_worker_disabled(std::string id, bool disabled) {
  workers_.set_disabled(id, disabled);
  jobs_.bring_news();
  record(queue::WorkerAttributes{id, disabled});
  co_await written();
  co_return journal_->outcome();
}

Result<void> QueueActor::forget_worker(const std::string& id) {
  const std::string hostname = workers_.hostname(id);
  if (!workers_.forget(id)) return not_found(fmt::format("there is no worker {}", id));
  spdlog::info("worker_signed_off worker={} hostname={}", id, hostname);
  publish_worker({id, hostname, {}, workers_.disabled(id)}, false);
  return {};
}

Result<void> QueueActor::drain_worker(const std::string& id) {
  if (auto known = worker(id); !known) return known.error();
  if (!control_.send(id, "drain", "{}")) {
    return Error{Errc::conflict,
                 fmt::format("worker {} holds no control stream open: it is cut off, or the original's", id),
                 {}};
  }
  spdlog::info("worker_drain_sent worker={}", id);
  return {};
}

std::unique_ptr<EventStream> QueueActor::control(const std::string& worker_id) {
  auto stream = control_.open(worker_id);
  logs_.worker_connected(worker_id);
  return stream;
}

asio::awaitable<Result<void>> QueueActor::put(std::string module, std::string name, std::string document) {
  auto room = co_await journal_->reserve(document.size() + 64);
  if (!room) co_return room.error();
  record(queue::DocumentStored{module, name, document});
  state_.documents[{module, name}] = std::move(document);
  co_await written();
  co_return journal_->outcome();
}

asio::awaitable<Result<void>> QueueActor::erase(std::string module, std::string name) {
  if (state_.documents.erase({module, name}) == 0) {
    co_return not_found(fmt::format("there is no document {}/{}", module, name));
  }
  record(queue::DocumentErased{module, name});
  co_await written();
  co_return journal_->outcome();
}

Result<std::string> QueueActor::get(const std::string& module, const std::string& name) const {
  const auto found = state_.documents.find({module, name});
  if (found == state_.documents.end())
    return not_found(fmt::format("there is no document {}/{}", module, name));
  return found->second;
}

ServerStatus QueueActor::status() const {
  ServerStatus status{settings_.data_dir, queue::to_string(settings_.fsync), SISYPHUS_VERSION, {}, true, {}};
  status.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().steady - started_);
  if (journal_->failed()) {
    status.healthy = false;
    status.trouble = "the journal cannot be written: " + journal_->failed()->detail;
  }
  return status;
}

}  // namespace sisyphus::actors
