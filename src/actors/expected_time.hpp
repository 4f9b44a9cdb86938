#pragma once

#include "actors/job_planner.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace sisyphus::actors {

// About how many seconds a task takes on an ordinary machine, whose inputs have `bytes`; nothing where that
// cannot be told. Only good for the shares of a job's tasks.
std::optional<double> expected_seconds(const modules::Plan& plan, std::optional<std::uint64_t> bytes);

// The same for each task of a job. Looks at the sizes of its inputs; one that is yet to be written counts as
// large as the largest that is there.
std::vector<std::optional<double>> expected_seconds(const JobPlan& job);

}  // namespace sisyphus::actors
