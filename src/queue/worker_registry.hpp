#pragma once

#include "core/clock.hpp"
#include "core/services.hpp"
#include "queue/reservation.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::queue {

// Who is there, what they offer, and who is not allowed to take jobs. Pure; time is an argument.
class WorkerRegistry {
 public:
  explicit WorkerRegistry(Millis expiry) : expiry_(expiry) {}

  // True when the worker was not known to be there before.
  bool heard(const Heartbeat& beat, SteadyTime now);
  void set_disabled(const std::string& id, bool disabled);
  bool disabled(const std::string& id) const { return disabled_.contains(id); }
  bool forget(const std::string& id);  // false when there was none
  // Takes out those that were not heard for too long.
  std::vector<WorkerView> expire(SteadyTime now);
  // Not later than the first expiry: heartbeats only move it on, and expire() finds out by how much.
  SteadyTime next_expiry() const { return next_expiry_; }

  std::vector<WorkerView> all(SteadyTime now) const;  // sorted by hostname, then id
  std::optional<WorkerView> find(const std::string& id, SteadyTime now) const;
  std::string hostname(const std::string& id) const;  // empty when it is not known

  // What the worker said it offers when nothing runs there; null when it said nothing. Until the next
  // heartbeat.
  const Offer* whole_offer(const std::string& id) const;

  // Why no worker that is there takes a job with these needs, in words; empty when one would.
  std::string missing_for(const Requirements& needs, SteadyTime now) const;
  // The same for one that some worker would take: which resources others hold just now wherever it could run.
  // Empty when a worker has enough free: then it is its turn that a job waits for, or a slot. `running` is
  // asked only for jobs that take resources.
  std::string in_use_for(const Requirements& needs, const std::function<Running()>& running,
                         SteadyTime now) const;
  // The modules among `needs` that no worker that is there offers.
  std::vector<std::string> unknown_modules(const Requirements& needs) const;

 private:
  struct Worker {
    Heartbeat beat;
    SteadyTime last_heard;
  };
  bool there(const Worker& worker, SteadyTime now) const { return now - worker.last_heard < expiry_; }
  // Where nothing runs, a job with these needs would be granted there.
  bool would_take(const Worker& worker, const Requirements& needs, SteadyTime now) const;
  void count(const Offer& offer, int change);
  WorkerView view(const Worker& worker) const;

  Millis expiry_;
  std::map<std::string, Worker> workers_;
  std::map<std::string, int, std::less<>> offering_;  // how many workers offer each module; none with 0
  int offering_all_ = 0;                              // how many say nothing of theirs, and take any
  std::set<std::string> disabled_;
  SteadyTime next_expiry_ = SteadyTime::max();
};

}  // namespace sisyphus::queue
