#include "modules/ffmpeg_task.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::string{} : std::string(value->as_string());
}

bool flag_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->as_bool();
}

json::object object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? json::object{} : value->as_object();
}

// "Video" -> "v". Attachments share their first letter with audio; ffmpeg's letter for them is t.
std::string specifier_of(const json::object& map) {
  std::string word = text_at(map, "specifier");
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word.starts_with("attach")) return "t";
  return word.substr(0, 1);
}

}  // namespace

FfmpegTask read_ffmpeg_task(const json::object& data) {
  FfmpegTask task;
  task.input_options = object_at(data, "input_options");
  for (const json::value& source : data.at("sources").as_array())
    task.sources.emplace_back(source.as_string());
  for (const json::value& value : data.at("source_maps").as_array()) {
    const json::object& map = value.as_object();
    const json::value* stream = map.if_contains("stream");
    task.source_maps.push_back({map.at("source").as_int64(), specifier_of(map),
                                stream == nullptr ? std::nullopt : std::optional(stream->as_int64()),
                                flag_at(map, "optional")});
  }
  for (const json::value& value : data.at("output_maps").as_array()) {
    const json::object& map = value.as_object();
    task.output_maps.push_back({specifier_of(map), map.at("stream").as_int64(), object_at(map, "options")});
  }
  task.output_file = text_at(data, "output_file");
  task.overwrite = flag_at(data, "overwrite");
  return task;
}

bool can_probe(const FfmpegTask& task, std::size_t source) {
  return source != 0 || !task.input_options.contains("f");
}

std::vector<std::string> ffmpeg_option_sets(const json::object& data) {
  std::vector<std::string> names;
  for (const json::value& map : data.at("output_maps").as_array()) {
    std::string name = text_at(map.as_object(), "option_set");
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

json::object with_option_sets(const json::object& data, const std::map<std::string, json::object>& sets,
                              std::vector<Problem>& problems) {
  json::object merged = data;
  json::array& maps = merged.at("output_maps").as_array();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    json::object& map = maps[i].as_object();
    const std::string name = text_at(map, "option_set");
    if (name.empty()) continue;
    const auto set = sets.find(name);
    if (set == sets.end()) {
      problems.push_back({Problem::Kind::document, fmt::format("/output_maps/{}/option_set", i),
                          fmt::format("there is no option set \"{0}\"; store it with: "
                                      "sisyphus data put ffmpeg {0} FILE",
                                      name)});
      continue;
    }
    json::object options = object_at(map, "options");
    for (const auto& [key, value] : set->second) options[key] = value;
    map["options"] = std::move(options);
  }
  return merged;
}

}  // namespace sisyphus::modules
