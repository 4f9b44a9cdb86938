#include "queue/worker_registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sisyphus::queue {
namespace {

std::string in_words(const std::pair<const std::string, double>& resource) {
  return fmt::format("{}={}", resource.first, resource.second);
}

}  // namespace

bool WorkerRegistry::heard(const Heartbeat& beat, SteadyTime now) {
  const auto [at, fresh] = workers_.try_emplace(beat.worker_id);
  if (!fresh) count(at->second.beat.offer, -1);
  at->second = {beat, now};
  count(beat.offer, 1);
  next_expiry_ = std::min(next_expiry_, now + expiry_);
  return fresh;
}

void WorkerRegistry::set_disabled(const std::string& id, bool disabled) {
  if (disabled) {
    disabled_.insert(id);
  } else {
    disabled_.erase(id);
  }
}

bool WorkerRegistry::forget(const std::string& id) {
  const auto found = workers_.find(id);
  if (found == workers_.end()) return false;
  count(found->second.beat.offer, -1);
  workers_.erase(found);
  return true;
}

std::vector<WorkerView> WorkerRegistry::expire(SteadyTime now) {
  std::vector<WorkerView> gone;
  std::erase_if(workers_, [&](const auto& entry) {
    if (there(entry.second, now)) return false;
    gone.push_back(view(entry.second));
    count(entry.second.beat.offer, -1);
    return true;
  });
  next_expiry_ = SteadyTime::max();
  for (const auto& [id, worker] : workers_)
    next_expiry_ = std::min(next_expiry_, worker.last_heard + expiry_);
  return gone;
}

WorkerView WorkerRegistry::view(const Worker& worker) const {
  const Heartbeat& beat = worker.beat;
  return {beat.worker_id, beat.hostname, beat.body, disabled(beat.worker_id)};
}

std::vector<WorkerView> WorkerRegistry::all(SteadyTime now) const {
  std::vector<WorkerView> views;
  for (const auto& [id, worker] : workers_) {
    if (there(worker, now)) views.push_back(view(worker));
  }
  std::sort(views.begin(), views.end(), [](const WorkerView& a, const WorkerView& b) {
    return std::tie(a.hostname, a.worker_id) < std::tie(b.hostname, b.worker_id);
  });
  return views;
}

std::optional<WorkerView> WorkerRegistry::find(const std::string& id, SteadyTime now) const {
  const auto found = workers_.find(id);
  if (found == workers_.end() || !there(found->second, now)) return std::nullopt;
  return view(found->second);
}

std::string WorkerRegistry::hostname(const std::string& id) const {
  const auto found = workers_.find(id);
  return found == workers_.end() ? "" : found->second.beat.hostname;
}

const Offer* WorkerRegistry::whole_offer(const std::string& id) const {
  const auto found = workers_.find(id);
  return found == workers_.end() ? nullptr : &found->second.beat.offer;
}

void WorkerRegistry::count(const Offer& offer, int change) {
  if (!offer.modules) offering_all_ += change;
  for (const std::string& module : offer.modules.value_or(std::vector<std::string>())) {
    if ((offering_[module] += change) == 0) offering_.erase(module);
  }
}

// For every submit: must not depend on the number of workers.
std::vector<std::string> WorkerRegistry::unknown_modules(const Requirements& needs) const {
  std::vector<std::string> unknown;
  if (workers_.empty() || offering_all_ != 0) return unknown;
  for (const std::string& module : needs.modules) {
    if (!offering_.contains(module)) unknown.push_back(module);
  }
  return unknown;
}

bool WorkerRegistry::would_take(const Worker& worker, const Requirements& needs, SteadyTime now) const {
  return there(worker, now) && !disabled(worker.beat.worker_id) && fits(needs, worker.beat.offer);
}

std::string WorkerRegistry::missing_for(const Requirements& needs, SteadyTime now) const {
  bool any = false;
  for (const auto& [id, worker] : workers_) {
    if (!there(worker, now)) continue;
    any = true;
    if (would_take(worker, needs, now)) return "";
  }
  if (!any) return "a worker: none is online";
  const auto unknown = unknown_modules(needs);
  if (!unknown.empty()) {
    return fmt::format("a worker with the module{} {}: none that is online offers {}",
                       unknown.size() > 1 ? "s" : "", fmt::join(unknown, ", "),
                       unknown.size() > 1 ? "them" : "it");
  }
  std::vector<std::string> wanted = needs.labels;
  for (const auto& resource : needs.resources) wanted.push_back(in_words(resource));
  if (wanted.empty()) return "a worker: every one that is online is disabled";
  return fmt::format("a worker that offers {} and its modules: none that is online does",
                     fmt::join(wanted, ", "));
}

std::string WorkerRegistry::in_use_for(const Requirements& needs, const std::function<Running()>& running,
                                       SteadyTime now) const {
  std::optional<Running> by_worker;
  std::set<std::string> in_use;
  for (const auto& [id, worker] : workers_) {
    if (!would_take(worker, needs, now)) continue;
    const Offer& whole = worker.beat.offer;
    const auto wanted = taken_by(needs, whole);
    if (wanted.empty()) return "";
    if (!by_worker) by_worker = running();
    auto free = whole.resources;
    for (const Requirements* const other : (*by_worker)[id]) {
      for (const auto& [name, amount] : taken_by(*other, whole)) free[name] -= amount;
    }
    bool room = true;
    for (const auto& resource : wanted) {
      if (free[resource.first] >= resource.second) continue;
      in_use.insert(in_words(resource));
      room = false;
    }
    if (room) return "";
  }
  if (in_use.empty()) return "";
  return fmt::format("{} to be free: in use at every worker that could run it", fmt::join(in_use, ", "));
}

}  // namespace sisyphus::queue
