#pragma once

#include "modules/mkv_attachments.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The data of a mkvmerge task, read. Paths as given.
struct MkvmergeTask {
  struct Source {
    std::string filename;
    boost::json::object options;
  };
  struct Track {
    std::size_t source = 0;
    std::int64_t track = 0;  // mkvmerge's id
    boost::json::object options;
  };
  std::vector<Source> sources;
  std::vector<Track> tracks;  // in the order of the output
  boost::json::object options;
  std::vector<Attachment> attachments;
  std::vector<std::string> attachment_directories;
  std::string output_file;
};

// `data` must pass the schema.
MkvmergeTask read_mkvmerge_task(const boost::json::object& data);

// Whether an option, by its value, stands in the command: false leaves it out, and so does a name that begins
// with "_", which is for this module.
bool is_passed_on(std::string_view name, const boost::json::value& value);

// The vector without the program. `types` holds the type of each of the task's tracks, `attachments` all that
// is attached, with absolute paths, `output` the absolute path that is written.
std::vector<std::string> mkvmerge_arguments(const MkvmergeTask& task, const std::vector<std::string>& types,
                                            const std::vector<Attachment>& attachments,
                                            const std::string& working_directory, const std::string& output);

}  // namespace sisyphus::modules
