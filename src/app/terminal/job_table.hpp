#pragma once

#include "net/job_status.hpp"

#include <cstdio>
#include <vector>

namespace sisyphus::app {

// A heading and a line for each job.
void print_jobs(std::FILE* out, const std::vector<net::JobStatus>& jobs);

}  // namespace sisyphus::app
