#pragma once

#include "actors/job_planner.hpp"

#include <cstdint>
#include <optional>
#include <string>

// How much there is left on the disks that a job writes to.
namespace sisyphus::actors {

// Bytes that this process may still write in a folder; of one that is not there yet, those of the next one
// above it. Nothing when the system does not say.
std::optional<std::uint64_t> free_bytes(const std::string& folder);

// Which folder that the job's tasks write to has less than `least` bytes free, in words; nothing when none
// has. The outputs and the attempt's hidden folders count, and copies and moves that end on another disk. A
// task that cannot be planned before the ones ahead of it have run does not.
std::optional<std::string> short_of_room(const JobPlan& job, std::uint64_t least);

}  // namespace sisyphus::actors
