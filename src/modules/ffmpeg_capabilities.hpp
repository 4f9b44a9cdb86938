#pragma once

#include "modules/ffmpeg_task.hpp"
#include "modules/module.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

// What this machine's ffmpeg was built with.
namespace sisyphus::modules {

// What to ask; the answers stand in Facts::probes and are remembered until the program changes.
Probe ffmpeg_codecs_probe();
Probe ffmpeg_filters_probe();

struct FfmpegCapabilities {
  // The names that ffmpeg's option `codec` takes, of encoders and decoders themselves and of the codecs that
  // have one, with ffmpeg's letter for what they are for (v a s d t). Empty: not known.
  std::map<std::string, char, std::less<>> encoders;
  std::map<std::string, char, std::less<>> decoders;
  std::set<std::string, std::less<>> filters;  // empty: not known
};

FfmpegCapabilities ffmpeg_capabilities(const Facts& facts);

// The probes that a task needs: those whose answers it names something of, or may by an option set.
std::vector<Probe> capability_probes(const boost::json::object& data);

// Every encoder, decoder and filter that the task names is there. `data` is as given, `task` with its option
// sets. Adds to `problems` what it finds.
void check_capabilities(const boost::json::object& data, const FfmpegTask& task, const Facts& facts,
                        std::vector<Problem>& problems);

}  // namespace sisyphus::modules
