#pragma once

#include "actors/subprocess.hpp"

#include <optional>
#include <string>

namespace sisyphus::actors {

struct ToolFailure {
  std::string message;
  bool retryable = false;  // death by a signal, a full disk
};

// Whether the run of a plan that runs a program failed, and why: by how it ended, and by what its module made
// of what it said. A tool that cannot have more memory says so or dies of it: then `memory_limit`, if it has
// one, is named.
std::optional<ToolFailure> tool_failure(const ExitReport& report, const modules::Plan& plan,
                                        const modules::Remarks& remarks, std::uint64_t memory_limit = 0);

}  // namespace sisyphus::actors
