#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace sisyphus::modules {

// A filter's key that names a preset, and the one that holds its settings apart.
bool is_handbrake_preset(std::string_view key);
inline constexpr const char* kHandbrakeCustom = "custom";

// The vector that the original builds, with what it gets wrong put right: program by base name, source and
// output as given, then the sections in the order of the document. `data` fits the schema.
std::vector<std::string> handbrake_argv(const boost::json::object& data);

// `data` as it is run: absolute paths, the staged output in place of the target, and items of lists written
// so that HandBrakeCLI's own splitting gives them back.
boost::json::object handbrake_run_data(boost::json::object data, const std::string& working_directory,
                                       const std::string& staged);

// Whether HandBrakeCLI cannot be given this item of a list: it takes every double quote for itself.
bool lost_in_handbrake_list(std::string_view item);

}  // namespace sisyphus::modules
