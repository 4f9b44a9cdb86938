#pragma once

#include "modules/module.hpp"

#include <boost/json/object.hpp>

#include <initializer_list>
#include <string>
#include <vector>

// What can be wrong with a handbrake task that its schema cannot say. Each adds to `problems` what it finds.
namespace sisyphus::modules {

// The programs that a run takes: HandBrakeCLI itself, and two of coreutils in front of it.
inline constexpr std::initializer_list<const char*> kHandbrakePrograms{"HandBrakeCLI", "stdbuf", "env"};

// The source and the subtitle files exist, or will.
void check_handbrake_sources(const boost::json::object& data, const Facts& facts,
                             std::vector<Problem>& problems);

// Options that contradict each other.
void check_handbrake_options(const boost::json::object& data, std::vector<Problem>& problems);

// The output can be written there, and is none of the sources.
void check_handbrake_output(const boost::json::object& data, const Facts& facts,
                            std::vector<Problem>& problems);

// Encoders that only some builds of HandBrakeCLI have: whether the task names one, so that the installed
// program must be asked, and what it says.
bool names_handbrake_build_encoder(const boost::json::object& data);
Probe handbrake_help_probe();
void check_handbrake_encoders(const boost::json::object& data, const Facts& facts,
                              std::vector<Problem>& problems);

// What HandBrakeCLI will not take as it is written, though the task can be done.
std::vector<std::string> handbrake_warnings(const boost::json::object& data);

// The files that the task reads, absolute: the source, then the subtitles.
std::vector<std::string> handbrake_inputs(const boost::json::object& data,
                                          const std::string& working_directory);

}  // namespace sisyphus::modules
