#include "modules/handbrake_command.hpp"

#include "modules/handbrake_options.hpp"
#include "modules/paths.hpp"
#include "modules/python_number.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Arguments = std::vector<std::string>;

// A value inside a list or a group of settings.
std::string inner_value(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "1" : "0";
  if (value.is_number()) return python_number(value);
  return "None";
}

std::string joined(const json::array& values) {
  std::string text;
  for (const json::value& value : values) {
    if (&value != values.begin()) text += ',';
    text += inner_value(value);
  }
  return text;
}

// "no-sao:bframes=4": what the encoders and the filters read.
std::string settings(const json::object& object) {
  std::string text;
  for (const auto& [name, value] : object) {
    if (!text.empty()) text += ':';
    std::string key(name);
    std::replace(key.begin(), key.end(), '_', '-');
    text += key;
    if (!value.is_null()) text += '=' + inner_value(value);
  }
  return text;
}

std::string filter(const json::object& object) {
  for (const auto& [key, value] : object) {
    if (is_handbrake_preset(key)) return inner_value(value);
    if (key == kHandbrakeCustom && value.is_object()) return settings(value.get_object());
  }
  return settings(object);
}

std::string crop(const json::object& object) {
  std::string text;
  for (const char* side : {"top", "bottom", "left", "right"}) {
    const json::value* pixels = object.if_contains(side);
    text += (text.empty() ? "" : ":") + (pixels == nullptr ? "0" : inner_value(*pixels));
  }
  return text;
}

// {"frames": 300} -> "frames:300".
std::string moment(const json::object& object) {
  if (object.empty()) return {};
  return std::string(object.begin()->key()) + ":" + inner_value(object.begin()->value());
}

std::string argument(std::string_view key, const json::value& value) {
  if (value.is_array()) return joined(value.get_array());
  if (!value.is_object()) return inner_value(value);
  const json::object& object = value.get_object();
  if (key == "start_at" || key == "stop_at") return moment(object);
  if (key == "crop") return crop(object);
  return key == "encopts" ? settings(object) : filter(object);
}

void append_option(Arguments& argv, const HandbrakeOption& option, const json::value& value) {
  const std::string name = "--" + std::string(option.name);
  const auto append_word = [&](const std::string& word) {
    if (option.argument == HandbrakeArgument::optional) {
      argv.push_back(name + "=" + word);
    } else {
      argv.insert(argv.end(), {name, word});
    }
  };
  if (!value.is_bool()) {
    append_word(argument(option.key, value));
  } else if (value.get_bool()) {
    if (option.on.empty())
      argv.push_back(name);
    else
      append_word(std::string(option.on));
  } else if (!option.off.empty()) {
    append_word(std::string(option.off));
  } else if (option.negative) {
    argv.push_back("--no-" + std::string(option.name));
  }
}

// HandBrakeCLI splits a list at its commas, but not between double quotes, which it drops.
std::string list_item(std::string text) {
  std::erase(text, '"');
  return text.find(',') == std::string::npos ? text : '"' + text + '"';
}

void protect_list(std::string_view key, json::value& value, const std::string& working_directory) {
  if (!value.is_array()) return;
  for (json::value& item : value.get_array()) {
    if (!item.is_string()) continue;
    std::string text(item.get_string());
    if (key == "srt_file" || key == "ssa_file") text = absolute_path(text, working_directory);
    item = list_item(std::move(text));
  }
}

}  // namespace

bool is_handbrake_preset(std::string_view key) {
  return key == "preset" || key == "presets";  // the original has both, filter by filter
}

Arguments handbrake_argv(const json::object& data) {
  Arguments argv{"HandBrakeCLI", "--input", std::string(data.at("source").as_string()), "--output",
                 std::string(data.at("output_file").as_string())};
  for (const auto& [section, options] : data) {
    if (!options.is_object()) continue;
    for (const auto& [key, value] : options.get_object()) {
      if (const HandbrakeOption* option = find_handbrake_option(key)) append_option(argv, *option, value);
    }
  }
  return argv;
}

json::object handbrake_run_data(json::object data, const std::string& working_directory,
                                const std::string& staged) {
  data["source"] = absolute_path(std::string_view(data.at("source").as_string()), working_directory);
  data["output_file"] = staged;
  for (auto& entry : data) {
    if (!entry.value().is_object()) continue;
    for (auto& option : entry.value().get_object())
      protect_list(option.key(), option.value(), working_directory);
  }
  return data;
}

bool lost_in_handbrake_list(std::string_view item) {
  return item.find('"') != std::string_view::npos;
}

}  // namespace sisyphus::modules
