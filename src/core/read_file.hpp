#pragma once

#include "core/errc.hpp"

#include <cstdio>
#include <string>

namespace sisyphus {

// The whole file. Errc::io names it.
Result<std::string> read_file(const std::string& path);

// What is left of an open file, which is called `name` in errors.
Result<std::string> read_to_end(std::FILE* file, const std::string& name);

}  // namespace sisyphus
