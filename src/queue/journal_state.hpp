#pragma once

#include "queue/job_queue.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace sisyphus::queue {

// All that a journal holds: what its records make of an empty server.
struct JournalState {
  explicit JournalState(Policy policy = {}, std::uint64_t seed = 0) : jobs(policy, seed) {}

  Result<void> replay(Record record);
  std::uint64_t live_bytes() const;  // about what the journal would be if it held nothing else

  JobQueue jobs;
  std::map<std::pair<std::string, std::string>, std::string> documents;  // (module, name) -> JSON
  std::set<std::string> disabled_workers;
};

}  // namespace sisyphus::queue
