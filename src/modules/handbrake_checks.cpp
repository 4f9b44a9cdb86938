#include "modules/handbrake_checks.hpp"

#include "modules/file_checks.hpp"
#include "modules/handbrake_command.hpp"
#include "modules/paths.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include <unistd.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

// A file that the task reads, and where the task names it.
struct Source {
  std::string pointer;
  std::string path;  // absolute
};

const json::value* option_at(const json::object& data, std::string_view section, std::string_view key) {
  const json::value* options = data.if_contains(section);
  return options == nullptr ? nullptr : options->as_object().if_contains(key);
}

std::string text_at(const json::object& data, std::string_view key) {
  return std::string(data.at(key).as_string());
}

std::vector<Source> sources_of(const json::object& data, const std::string& working_directory) {
  std::vector<Source> sources{{"/source", absolute_path(text_at(data, "source"), working_directory)}};
  for (const char* key : {"srt_file", "ssa_file"}) {
    const json::value* files = option_at(data, "subtitles_options", key);
    if (files == nullptr) continue;
    const json::array& list = files->as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      sources.push_back({fmt::format("/subtitles_options/{}/{}", key, i),
                         absolute_path(std::string_view(list[i].as_string()), working_directory)});
    }
  }
  return sources;
}

// Calls `visit` with each word of the task that names an encoder which not every build has.
void each_build_encoder(
    const json::object& data,
    const std::function<void(const std::string& pointer, const std::string& word)>& visit) {
  const auto check = [&](const std::string& pointer, const json::value* value) {
    if (value == nullptr || !value->is_string()) return;
    const std::string word(value->get_string());
    if (word.starts_with("nvenc_") || word.starts_with("fdk_")) visit(pointer, word);
  };
  check("/video_options/encoder", option_at(data, "video_options", "encoder"));
  check("/audio_options/audio_fallback", option_at(data, "audio_options", "audio_fallback"));
  const json::value* encoders = option_at(data, "audio_options", "aencoder");
  if (encoders == nullptr) return;
  for (std::size_t i = 0; i < encoders->as_array().size(); ++i) {
    check(fmt::format("/audio_options/aencoder/{}", i), &encoders->as_array()[i]);
  }
}

// Whether a line of the program's help is this word alone, as its choices stand there.
bool lists_choice(std::string_view help, std::string_view word) {
  while (!help.empty()) {
    const std::size_t end = std::min(help.find('\n'), help.size());
    std::string_view line = help.substr(0, end);
    while (line.starts_with(' ')) line.remove_prefix(1);
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    if (line == word) return true;
    help.remove_prefix(std::min(end + 1, help.size()));
  }
  return false;
}

// "Units must match", says the program's help; where they do not, it silently encodes to the end.
void check_units(const json::object& data, std::vector<Problem>& problems) {
  const json::value* start = option_at(data, "source_options", "start_at");
  const json::value* stop = option_at(data, "source_options", "stop_at");
  if (start == nullptr || stop == nullptr) return;
  const std::string_view unit = start->as_object().begin()->key();
  if (stop->as_object().contains(unit)) return;
  problems.push_back({kDocument, "/source_options/stop_at",
                      fmt::format("found the unit {}, expected {} as in start_at",
                                  std::string_view(stop->as_object().begin()->key()), unit)});
}

void check_filters(const json::object& data, std::vector<Problem>& problems) {
  const json::value* filters = data.if_contains("filters_options");
  if (filters == nullptr) return;
  for (const auto& [name, value] : filters->as_object()) {
    if (!value.is_object() || value.get_object().size() < 2) continue;
    for (const auto& entry : value.get_object()) {
      const std::string_view key = entry.key();
      if (!is_handbrake_preset(key) && key != kHandbrakeCustom) continue;
      problems.push_back(
          {kDocument, fmt::format("/filters_options/{}/{}", std::string_view(name), key),
           fmt::format("found a \"{}\" beside settings, expected the one or the others", key)});
      break;
    }
  }
}

}  // namespace

void check_handbrake_sources(const json::object& data, const Facts& facts, std::vector<Problem>& problems) {
  for (const auto& [pointer, path] : sources_of(data, facts.working_directory)) {
    const auto complain = [&](std::string message) {
      problems.push_back({kEnvironment, pointer, std::move(message)});
    };
    if (pointer != "/source" && lost_in_handbrake_list(path)) {
      complain(fmt::format("{} holds a double quote, which HandBrakeCLI takes for its own", path));
    }
    if (yet_to_be_written(facts, path)) continue;
    const PathKind kind = path_kind(path);
    const char* const what = pointer == "/source" ? "source" : "subtitle file";
    if (kind == PathKind::missing) complain(fmt::format("the {} {} does not exist", what, path));
    // The source may be a folder (VIDEO_TS, BDMV) or a device.
    if (kind == PathKind::folder && pointer != "/source") {
      complain(fmt::format("the {} {} is a folder", what, path));
    }
    if (kind != PathKind::missing && ::access(path.c_str(), R_OK) != 0) {
      complain(fmt::format("the {} {} may not be read", what, path));
    }
  }
}

void check_handbrake_options(const json::object& data, std::vector<Problem>& problems) {
  check_units(data, problems);
  check_filters(data, problems);
}

void check_handbrake_output(const json::object& data, const Facts& facts, std::vector<Problem>& problems) {
  const std::string given = text_at(data, "output_file");
  if (!check_names_file(given, "/output_file", problems)) return;
  std::vector<InputFile> inputs;
  for (const auto& [pointer, path] : sources_of(data, facts.working_directory))
    inputs.push_back({pointer == "/source" ? "the source" : pointer, path});
  check_output(absolute_path(given, facts.working_directory), "/output_file", inputs, problems);
}

bool names_handbrake_build_encoder(const json::object& data) {
  bool named = false;
  each_build_encoder(data, [&](const std::string&, const std::string&) { named = true; });
  return named;
}

Probe handbrake_help_probe() {
  return {"HandBrakeCLI:help", {"HandBrakeCLI", "--help"}, ""};
}

void check_handbrake_encoders(const json::object& data, const Facts& facts, std::vector<Problem>& problems) {
  const auto help = facts.probes.find(handbrake_help_probe().key);
  if (help == facts.probes.end() || help->second.exit_code != 0) return;
  each_build_encoder(data, [&](const std::string& pointer, const std::string& word) {
    if (lists_choice(help->second.out, word)) return;
    problems.push_back({kEnvironment, pointer, fmt::format("the HandBrakeCLI here has no encoder {}", word)});
  });
}

std::vector<std::string> handbrake_warnings(const json::object& data) {
  std::vector<std::string> warnings;
  for (const auto& [section, key] : {std::pair("audio_options", "aname"), {"subtitles_options", "subname"}}) {
    const json::value* names = option_at(data, section, key);
    if (names == nullptr) continue;
    for (const json::value& name : names->as_array()) {
      if (!lost_in_handbrake_list(std::string_view(name.as_string()))) continue;
      warnings.push_back(fmt::format("/{}/{}: HandBrakeCLI cannot write the double quotes of {}", section,
                                     key, std::string_view(name.as_string())));
    }
  }
  return warnings;
}

std::vector<std::string> handbrake_inputs(const json::object& data, const std::string& working_directory) {
  std::vector<std::string> inputs;
  for (Source& source : sources_of(data, working_directory)) inputs.push_back(std::move(source.path));
  return inputs;
}

}  // namespace sisyphus::modules
