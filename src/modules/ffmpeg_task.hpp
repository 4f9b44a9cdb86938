#pragma once

#include "modules/module.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The data of an ffmpeg task, read. Specifiers are one letter (v a s d t) or empty.
struct FfmpegTask {
  struct SourceMap {
    std::int64_t source = 0;
    std::string specifier;
    std::optional<std::int64_t> stream;
    bool optional = false;
  };
  struct OutputMap {
    std::string specifier;
    std::int64_t stream = 0;
    boost::json::object options;
  };
  boost::json::object input_options;
  std::vector<std::string> sources;  // as given
  std::vector<SourceMap> source_maps;
  std::vector<OutputMap> output_maps;
  std::string output_file;  // as given
  bool overwrite = false;
};

// `data` must pass the schema.
FfmpegTask read_ffmpeg_task(const boost::json::object& data);

// Whether a probe of a source would see what ffmpeg sees: not when an input option gives the first source
// another format.
bool can_probe(const FfmpegTask& task, std::size_t source);

// The names of the option sets that the output maps use, each once, in order.
std::vector<std::string> ffmpeg_option_sets(const boost::json::object& data);

// `data` with each option set laid over the options given in place: the set's win key by key, not deeper;
// local keys keep their place, new ones follow. A set that is not among `sets` is a problem and leaves the
// map as it was.
boost::json::object with_option_sets(const boost::json::object& data,
                                     const std::map<std::string, boost::json::object>& sets,
                                     std::vector<Problem>& problems);

}  // namespace sisyphus::modules
