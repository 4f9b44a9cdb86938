#pragma once

#include "core/errc.hpp"
#include "core/job.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace sisyphus {

// Reads a job's `requires`, which stands at `pointer`: labels and resources, as a worker must offer them.
// Fails with Errc::invalid at the first thing that is wrong.
Result<void> read_requirements(const boost::json::object& wanted, const std::string& pointer,
                               Requirements& needs);

}  // namespace sisyphus
