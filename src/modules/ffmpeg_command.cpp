#include "modules/ffmpeg_command.hpp"

#include "modules/image_names.hpp"
#include "modules/paths.hpp"
#include "modules/python_number.hpp"

#include <boost/json/array.hpp>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Arguments = std::vector<std::string>;

// A value inside a list or an object. Flags are 1 and 0 there: what the encoders' own parsers read.
std::string inner_value(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "1" : "0";
  if (value.is_number()) return python_number(value);
  return {};
}

std::string joined(const json::object& parameters) {
  std::string text;
  for (const auto& [key, value] : parameters) {
    if (!text.empty()) text += ':';
    text += key;
    if (!value.is_null()) text += '=' + inner_value(value);
  }
  return text;
}

std::string joined(const json::array& values) {
  std::string text;
  for (const json::value& value : values) {
    if (&value != values.begin()) text += ',';
    text += inner_value(value);
  }
  return text;
}

void append_option(Arguments& argv, const std::string& name, const json::value& value) {
  if (auto argument = ffmpeg_argument(value)) {
    argv.insert(argv.end(), {name, std::move(*argument)});
  } else if (value.is_null() || (value.is_bool() && value.get_bool())) {
    argv.push_back(name);
  }
}

void append_input_options(Arguments& argv, const FfmpegTask& task) {
  for (const auto& [key, value] : task.input_options) append_option(argv, "-" + std::string(key), value);
  argv.insert(argv.end(), {"-progress", "pipe:1"});
}

void append_maps(Arguments& argv, const FfmpegTask& task) {
  for (const auto& map : task.source_maps) {
    std::string text = std::to_string(map.source);
    if (!map.specifier.empty()) text += ":" + map.specifier;
    if (map.stream) text += ":" + std::to_string(*map.stream);
    if (map.optional) text += "?";
    argv.insert(argv.end(), {"-map", text});
  }
  for (const auto& map : task.output_maps) {
    const std::string suffix =
        (map.specifier.empty() ? "" : ":" + map.specifier) + ":" + std::to_string(map.stream);
    for (const auto& [key, value] : map.options) append_option(argv, "-" + std::string(key) + suffix, value);
  }
}

}  // namespace

std::optional<std::string> ffmpeg_argument(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
    case json::kind::bool_:
      return std::nullopt;
    case json::kind::string:
      return std::string(value.get_string());
    case json::kind::object:
      return value.get_object().empty() ? std::nullopt : std::optional(joined(value.get_object()));
    case json::kind::array:
      return value.get_array().empty() ? std::nullopt : std::optional(joined(value.get_array()));
    default:
      return python_number(value);
  }
}

Arguments ffmpeg_argv(const FfmpegTask& task, const std::string& working_directory) {
  Arguments argv{"ffmpeg"};
  if (task.overwrite) argv.push_back("-y");
  append_input_options(argv, task);
  for (const std::string& source : task.sources) argv.insert(argv.end(), {"-i", source});
  append_maps(argv, task);
  argv.push_back(absolute_path(task.output_file, working_directory));
  return argv;
}

Arguments ffmpeg_run_argv(const FfmpegTask& task, const std::string& working_directory,
                          const std::string& program, const std::string& staged) {
  Arguments argv{program, "-nostdin", "-hide_banner", "-y", "-nostats", "-stats_period", "0.2"};
  append_input_options(argv, task);
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    const std::string path = absolute_path(task.sources[i], working_directory);
    if (can_probe(task, i)) {
      const Arguments literal = literal_image_options(path);
      argv.insert(argv.end(), literal.begin(), literal.end());
    }
    // Next to each -i: an input option concerns only the source that follows, and the last one given wins.
    argv.insert(argv.end(), {"-protocol_whitelist", kLocalProtocols, "-i", "file:" + path});
  }
  append_maps(argv, task);
  argv.push_back("file:" + staged);
  return argv;
}

}  // namespace sisyphus::modules
