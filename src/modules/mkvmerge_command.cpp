#include "modules/mkvmerge_command.hpp"

#include "modules/paths.hpp"
#include "modules/python_number.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Arguments = std::vector<std::string>;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::string{} : std::string(value->as_string());
}

json::object object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? json::object{} : value->as_object();
}

json::array array_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? json::array{} : value->as_array();
}

std::string value_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : python_number(value);
}

// Of a source or of the whole: null, true and "" are the option alone.
void append_options(Arguments& argv, const json::object& options) {
  for (const auto& [key, value] : options) {
    if (!is_passed_on(key, value)) continue;
    argv.push_back("--" + std::string(key));
    const bool alone =
        value.is_null() || value.is_bool() || (value.is_string() && value.get_string().empty());
    if (!alone) argv.push_back(value_text(value));
  }
}

// Of a track: the value follows its number; null and true are the number alone, "" is a value.
void append_track_options(Arguments& argv, const MkvmergeTask::Track& track) {
  for (const auto& [key, value] : track.options) {
    if (!is_passed_on(key, value)) continue;
    const std::string number = std::to_string(track.track);
    const bool alone = value.is_null() || value.is_bool();
    argv.insert(argv.end(), {"--" + std::string(key), alone ? number : number + ":" + value_text(value)});
  }
}

// Which tracks of source `index` are taken, type by type.
void append_selection(Arguments& argv, const MkvmergeTask& task, const Arguments& types, std::size_t index) {
  struct Kind {
    const char* type;
    const char* option;
  };
  static constexpr Kind kKinds[] = {{"video", "--video-tracks"},
                                    {"audio", "--audio-tracks"},
                                    {"subtitles", "--subtitle-tracks"},
                                    {"buttons", "--button-tracks"}};
  const json::object& options = task.sources[index].options;
  for (const auto& [type, option] : kKinds) {
    const json::value* copy = options.if_contains(fmt::format("_copy-{}-tracks", type));
    if (copy != nullptr && !(copy->is_bool() && !copy->get_bool())) continue;  // mkvmerge takes all of them
    std::string chosen;
    for (std::size_t i = 0; i < task.tracks.size(); ++i) {
      if (task.tracks[i].source != index || types[i] != type) continue;
      chosen += (chosen.empty() ? "" : ",") + std::to_string(task.tracks[i].track);
    }
    if (chosen.empty()) {
      argv.push_back(std::string("--no-") + type);
    } else {
      argv.insert(argv.end(), {option, chosen});
    }
  }
}

}  // namespace

MkvmergeTask read_mkvmerge_task(const json::object& data) {
  MkvmergeTask task;
  for (const json::value& value : array_at(data, "sources")) {
    const json::object& source = value.as_object();
    task.sources.push_back({text_at(source, "filename"), object_at(source, "options")});
  }
  for (const json::value& value : array_at(data, "tracks")) {
    const json::object& track = value.as_object();
    task.tracks.push_back({static_cast<std::size_t>(track.at("source").as_int64()),
                           track.at("track").as_int64(), object_at(track, "options")});
  }
  task.options = object_at(data, "options");
  for (const json::value& value : array_at(data, "attachments")) {
    const json::object& attachment = value.as_object();
    std::string type = text_at(attachment, "mimetype");
    if (type.empty()) type = text_at(attachment, "mime_type");
    task.attachments.push_back({text_at(attachment, "filename"), text_at(attachment, "name"), type});
  }
  for (const json::value& folder : array_at(data, "attachment_directories")) {
    task.attachment_directories.emplace_back(folder.as_string());
  }
  task.output_file = text_at(data, "output_file");
  return task;
}

bool is_passed_on(std::string_view name, const json::value& value) {
  return !name.starts_with('_') && !(value.is_bool() && !value.get_bool());
}

Arguments mkvmerge_arguments(const MkvmergeTask& task, const Arguments& types,
                             const std::vector<Attachment>& attachments, const std::string& working_directory,
                             const std::string& output) {
  Arguments argv{"--output", output};
  append_options(argv, task.options);
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    append_selection(argv, task, types, i);
    append_options(argv, task.sources[i].options);
    for (const auto& track : task.tracks) {
      if (track.source == i) append_track_options(argv, track);
    }
    argv.insert(argv.end(), {"(", absolute_path(task.sources[i].filename, working_directory), ")"});
  }
  for (const Attachment& attachment : attachments) {
    argv.insert(argv.end(), {"--attachment-name",
                             attachment.name.empty() ? base_name(attachment.path) : attachment.name});
    // Before the file: it concerns the one that follows.
    if (!attachment.mime_type.empty()) {
      argv.insert(argv.end(), {"--attachment-mime-type", attachment.mime_type});
    }
    argv.insert(argv.end(), {"--attach-file", attachment.path});
  }
  std::string order;
  for (const auto& track : task.tracks) {
    order += fmt::format("{}{}:{}", order.empty() ? "" : ",", track.source, track.track);
  }
  argv.insert(argv.end(), {"--track-order", order});
  return argv;
}

}  // namespace sisyphus::modules
