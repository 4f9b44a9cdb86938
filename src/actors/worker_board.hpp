#pragma once

#include "actors/job_resources.hpp"
#include "actors/job_runner.hpp"
#include "core/bell.hpp"
#include "core/gate.hpp"
#include "net/worker_client.hpp"

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::actors {

struct WorkerSettings {
  std::string hostname;
  std::size_t slots = 1;
  std::vector<std::string> labels;
  std::map<std::string, double> resources;
  Millis grace{5'000};  // between SIGTERM and SIGKILL, and for handing jobs back at the end
  Millis heartbeat_interval{5'000};
  Millis poll_interval{10'000};   // with a server that has no long poll
  Millis network_retry{20'000};   // the longest pause between attempts to reach the server
  std::string working_directory;  // of the tools, and of relative paths; absolute
  ChildLimits limits;             // of the tools that tasks run
  std::uint64_t min_free = 0;     // bytes; where a job's disks have less it is handed back, unstarted
};

// What the actors of one worker have in common. The worker owns it; one loop.
struct WorkerBoard {
  WorkerBoard(asio::any_io_executor executor, WorkerSettings the_settings, modules::Registry the_registry,
              net::WorkerClient the_client)
      : settings(std::move(the_settings)),
        registry(std::move(the_registry)),
        client(std::move(the_client)),
        slot_free(executor),
        winding_up(executor),
        heartbeat_due(executor),
        progress_due(executor),
        progress_sent(executor) {}

  WorkerSettings settings;
  const modules::Registry registry;
  net::WorkerClient client;
  std::string online_at;             // RFC 3339
  std::vector<std::string> modules;  // that this worker has the resources for
  std::set<std::string> extensions;  // of the server; empty: the original's
  bool reached = false;              // the server has answered, so the extensions are known
  bool draining = false;             // no new jobs
  bool leaving = false;              // no more heartbeats: the worker is about to sign off
  std::list<JobRunner*> running;     // oldest first
  Bell slot_free;
  Bell winding_up;  // drain or stop was asked for, or a job ended meanwhile
  Bell heartbeat_due;
  Bell progress_due;
  bool sending_progress = false;
  Gate progress_sent;  // opens when that is over

  void drain() {
    draining = true;
    slot_free.ring();
    winding_up.ring();
  }
  bool has(const char* extension) const { return extensions.contains(extension); }
  std::size_t free_slots() const { return settings.slots - std::min(settings.slots, running.size()); }
  // What may be asked for now.
  Offer offer() const {
    std::vector<Resources> held;
    for (const JobRunner* const runner : running) held.push_back(runner->resources());
    Offer offer = offer_beside(held, settings.resources, registry);
    offer.labels = settings.labels;
    return offer;
  }
  // A job goes on here that the server may think lost: it is to hear of that before it gives out anything.
  bool any_lease_over(SteadyTime now) const {
    return std::any_of(running.begin(), running.end(), [now](const JobRunner* runner) {
      return !runner->lease().live(now) && runner->stop_reason() == StopReason::none;
    });
  }
  JobRunner* find(const JobId& id) const {
    for (JobRunner* const runner : running) {
      if (runner->id() == id) return runner;
    }
    return nullptr;
  }
};

}  // namespace sisyphus::actors
