#pragma once

#include "actors/job_planner.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace sisyphus::actors {

// Why tasks that were planned do not run: a mistake in the job, or a check that was decided by planning it.
struct PlanningFailure {
  std::optional<std::size_t> failed_check;  // index of its task; none: a mistake
  std::string message;
};

// Nothing when no task has a problem. A mistake, wherever it is, comes before all checks.
std::optional<PlanningFailure> planning_failure(std::span<const PlannedTask> tasks);

}  // namespace sisyphus::actors
