#pragma once

#include "queue/job_table.hpp"

#include <string>
#include <vector>

// The list of a job's attempts that people are shown. It is made of the job's records, so it is the same
// after a restart, and short: a job may be tried a thousand times. No rule of the queue looks at it.
namespace sisyphus::queue {

constexpr std::size_t kAttemptsKept = 10;

// The job's run is over and the job is not: call before `run` is dropped.
void keep_attempt(Job& job, Attempt::End end, const std::string& reason, std::int64_t at);
// The job is about to begin anew: its outcome becomes one attempt of several.
void keep_outcome(Job& job);
// The worker came back in time and goes on: the attempt that was thought lost. When it began.
std::int64_t reopen_attempt(Job& job);

std::vector<Attempt> attempts_of(const Job& job);

}  // namespace sisyphus::queue
