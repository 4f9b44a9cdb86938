#pragma once

#include "queue/job_table.hpp"
#include "queue/record.hpp"

#include <optional>

// A job's state as one record, for snapshots: Submitted and this make the job that all its records made.
namespace sisyphus::queue {

// Empty for a job to which nothing has happened since `facts` were submitted.
std::optional<Kept> kept(const Job& job, const JobFacts& facts);
// The other way round; `state` apart, which is the table's business.
void restore(Job& job, const Kept& record);

}  // namespace sisyphus::queue
