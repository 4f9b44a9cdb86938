#include "actors/planning_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sisyphus::actors {

using modules::Problem;

std::optional<PlanningFailure> planning_failure(std::span<const PlannedTask> tasks) {
  std::vector<Problem> all;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& problems = tasks[i].planned.problems;
    all.insert(all.end(), problems.begin(), problems.end());
    if (!first && !problems.empty()) first = i;
  }
  if (!first) return std::nullopt;
  const bool is_check = std::all_of(
      all.begin(), all.end(), [](const Problem& problem) { return problem.kind == Problem::Kind::finding; });
  PlanningFailure failure;
  if (is_check) {
    failure.failed_check = first;
    for (const Problem& problem : tasks[*first].planned.problems)
      failure.message += (failure.message.empty() ? "" : "\n") + problem.message;
  } else {
    failure.message = "Could not validate task data:";
    for (const Problem& problem : all)
      failure.message += fmt::format("\n{}: {}", problem.pointer, problem.message);
  }
  return failure;
}

}  // namespace sisyphus::actors
