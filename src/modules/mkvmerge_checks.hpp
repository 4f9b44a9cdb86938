#pragma once

#include "modules/mkvmerge_command.hpp"
#include "modules/module.hpp"

#include <vector>

namespace sisyphus::modules {

// What is wrong with a task whatever its files are: sources that are not there, options and values that
// would make mkvmerge do something else than mux this output.
void check_mkvmerge_document(const MkvmergeTask& task, std::vector<Problem>& problems);

}  // namespace sisyphus::modules
