#pragma once

#include "core/errc.hpp"
#include "core/job.hpp"
#include "core/progress.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::net {

// One line of `attempts`; times are RFC 3339.
struct AttemptStatus {
  int number = 0;
  std::string outcome;
  std::string worker_id;
  std::string reason;
  std::string started_at;
};

// A job as the server tells it (docs/api.md, "status").
struct JobStatus {
  std::string id;
  std::string title;
  JobState state = JobState::queued;
  std::string added;  // RFC 3339, as are the times below; empty where there is none
  std::string started_at;
  std::string finished_at;
  int priority = 0;
  int attempt = 0;
  int max_attempts = 0;
  std::vector<std::string> modules;
  std::string hostname;
  std::string task;            // module of the task that runs
  std::size_t task_index = 0;  // from 0
  std::size_t task_count = 0;  // 0: not told
  Progress progress;           // of that task
  std::optional<double> job_percent;
  std::optional<double> job_eta_s;
  std::string message;                       // why it failed, is held or waits
  std::string waiting_for;                   // why no worker takes it
  std::vector<std::string> outputs;          // info.outputs
  std::vector<boost::json::object> results;  // info.results, each with `task` (from 0) and `module`
  std::vector<AttemptStatus> attempts;       // oldest first
  boost::json::object raw;                   // all of it
};

// Errc::network where job_id is missing or the state is unknown. Without a state (the original's server) it
// is queued.
Result<JobStatus> read_job_status(boost::json::object object);

// What a `progress` event says, into the status it belongs to.
void read_job_progress(const boost::json::object& event, JobStatus& status);

}  // namespace sisyphus::net
