#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"
#include "core/unique_fd.hpp"

#include <set>
#include <string>
#include <vector>

namespace sisyphus::actors {

// What a worker remembers over a restart, in its state directory: its id, and for each job its lease until
// the outcome was told, the hidden folders it made, the outputs it has put in place and its logs. One process
// at a time; blocking, small files; one loop.
class WorkerState {
 public:
  // Makes the folder, locks it and sweeps away what earlier runs left half written.
  static Result<WorkerState> open(std::string directory);

  // The id kept there, made once; `wanted` where it is not empty.
  Result<std::string> worker_id(const std::string& wanted);

  // What runs here, until forget_lease(): if the worker dies with it, its next start tells the server.
  Result<void> remember_lease(const JobId& job, LeaseToken token);
  Result<void> forget_lease(const JobId& job);
  struct Abandoned {
    JobId job;
    LeaseToken token;
  };
  // By earlier runs, as found at start.
  const std::vector<Abandoned>& abandoned() const { return abandoned_; }

  // Before a hidden folder is made; after this a crash does not lose track of it.
  Result<void> remember_folder(const JobId& job, const std::string& folder);
  Result<void> remember_output(const JobId& job, const std::string& path);
  std::set<std::string> outputs_of(const JobId& job) const;
  // The hidden folders are gone; with `forget_outputs` the job will not come again.
  Result<void> done(const JobId& job, bool forget_outputs);

  // Where the log of an attempt belongs. Of old ones the youngest kMostLogs or so stay.
  static constexpr std::size_t kMostLogs = 1000;
  std::string log_path(const JobId& job, int attempt);

  std::size_t swept() const { return swept_; }  // folders that were removed at start

 private:
  struct Memory {
    LeaseToken lease;
    std::set<std::string> folders;
    std::set<std::string> outputs;
  };
  explicit WorkerState(std::string directory) : directory_(std::move(directory)) {}
  std::string file_of(const JobId& job) const;
  Memory read(const JobId& job) const;
  Result<void> write(const JobId& job, const Memory& memory);
  Result<void> sweep();
  void remove_old_logs() const;

  std::string directory_;
  UniqueFd lock_;
  std::size_t swept_ = 0;
  std::size_t logs_ = 0;  // since old ones were looked for
  std::vector<Abandoned> abandoned_;
};

// Removes a hidden folder of an attempt with all that is in it. Only one whose name begins with ".sisyphus-".
Result<void> remove_attempt_folder(const std::string& folder);

}  // namespace sisyphus::actors
