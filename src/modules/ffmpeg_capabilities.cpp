#include "modules/ffmpeg_capabilities.hpp"

#include "core/near_match.hpp"
#include "modules/ffmpeg_command.hpp"
#include "modules/filtergraph.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <string_view>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

// ---- what ffmpeg answers

std::vector<std::string> words(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::vector<std::string> all;
  for (std::string word; in >> word;) all.push_back(std::move(word));
  return all;
}

template <class Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// " DEV.LS h264  H.264 / AVC (decoders: h264 h264_v4l2m2m ) (encoders: libx264 libx264rgb )"
void read_codec(std::string_view line, FfmpegCapabilities& known) {
  const auto all = words(line);
  if (all.size() < 2 || all[0].size() != 6 || all[1] == "=") return;
  const char kind = static_cast<char>(std::tolower(static_cast<unsigned char>(all[0][2])));
  if (all[0][0] == 'D') known.decoders.emplace(all[1], kind);
  if (all[0][1] == 'E') known.encoders.emplace(all[1], kind);
  auto* list = static_cast<decltype(&known.encoders)>(nullptr);
  for (std::size_t i = 2; i < all.size(); ++i) {
    if (all[i] == "(decoders:") {
      list = &known.decoders;
    } else if (all[i] == "(encoders:") {
      list = &known.encoders;
    } else if (all[i].ends_with(')')) {
      list = nullptr;
    } else if (list != nullptr) {
      list->emplace(all[i], kind);
    }
  }
}

// " TSC scale             V->V       Scale the input video size and/or convert the image format."
void read_filter(std::string_view line, FfmpegCapabilities& known) {
  const auto all = words(line);
  if (all.size() >= 3 && all[2].find("->") != std::string::npos) known.filters.insert(all[1]);
}

// ---- what a task names

enum class Names { nothing, codec, filters };

// What the argument of an option names. Behind a colon stands the stream that it is for.
Names named_by(std::string_view key) {
  static constexpr std::string_view kCodec[] = {"c", "codec", "vcodec", "acodec", "scodec", "dcodec"};
  static constexpr std::string_view kFilters[] = {"vf", "af", "filter", "filter_complex", "lavfi"};
  const std::string_view name = key.substr(0, key.find(':'));
  const auto is = [&](std::string_view one) { return one == name; };
  if (std::any_of(std::begin(kCodec), std::end(kCodec), is)) return Names::codec;
  if (std::any_of(std::begin(kFilters), std::end(kFilters), is)) return Names::filters;
  return Names::nothing;
}

bool any_names(const json::object& options, Names what) {
  return std::any_of(options.begin(), options.end(),
                     [&](const auto& option) { return named_by(option.key()) == what; });
}

// The kind of stream that a codec option is for; empty where it depends on the file.
std::string kind_wanted(std::string_view key, const std::string& specifier) {
  if (key == "c" || key == "codec") return specifier;
  return key.ends_with("codec") ? std::string(key.substr(0, 1)) : "";
}

const char* kind_word(char kind) {
  switch (kind) {
    case 'v':
      return "video";
    case 'a':
      return "audio";
    case 's':
      return "subtitles";
    case 'd':
      return "data";
    default:
      return "attachments";
  }
}

template <class Named>
std::vector<std::string> keys_of(const Named& named) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : named) keys.push_back(key);
  return keys;
}

// What is wrong with one option of an output or, `specifier` then being absent, of the first source.
std::vector<std::string> complaints(std::string_view key, const std::string& argument,
                                    const std::optional<std::string>& specifier,
                                    const FfmpegCapabilities& known) {
  std::vector<std::string> texts;
  if (named_by(key) == Names::filters && !known.filters.empty()) {
    for (const std::string& name : filter_names(argument)) {
      if (known.filters.contains(name)) continue;
      texts.push_back(fmt::format("this ffmpeg has no filter \"{}\"{}", name,
                                  did_you_mean(name, {known.filters.begin(), known.filters.end()})));
    }
  }
  const auto& codecs = specifier ? known.encoders : known.decoders;
  if (named_by(key) != Names::codec || codecs.empty() || (specifier && argument == "copy")) return texts;
  const char* const what = specifier ? "encoder" : "decoder";
  const auto found = codecs.find(argument);
  if (found == codecs.end()) {
    texts.push_back(fmt::format("this ffmpeg has no {} \"{}\"{}", what, argument,
                                did_you_mean(argument, keys_of(codecs))));
    return texts;
  }
  const std::string wanted = specifier ? kind_wanted(key, *specifier) : "";
  if (!wanted.empty() && wanted.front() != found->second) {
    texts.push_back(fmt::format("the {} \"{}\" is for {}, expected one for {}", what, argument,
                                kind_word(found->second), kind_word(wanted.front())));
  }
  return texts;
}

// The option set that the output map `index` has an option from; empty when it has it in place.
std::string set_of(const json::object& data, std::size_t index, std::string_view key, const Facts& facts) {
  const json::value* name = data.at("output_maps").as_array()[index].as_object().if_contains("option_set");
  if (name == nullptr) return "";
  const auto set = facts.option_sets.find(std::string(name->as_string()));
  return set != facts.option_sets.end() && set->second.contains(key) ? set->first : "";
}

}  // namespace

Probe ffmpeg_codecs_probe() {
  return {"ffmpeg:codecs", {"ffmpeg", "-hide_banner", "-codecs"}, ""};
}

Probe ffmpeg_filters_probe() {
  return {"ffmpeg:filters", {"ffmpeg", "-hide_banner", "-filters"}, ""};
}

FfmpegCapabilities ffmpeg_capabilities(const Facts& facts) {
  FfmpegCapabilities known;
  const auto answer = [&](const Probe& probe) -> std::string_view {
    const auto found = facts.probes.find(probe.key);
    if (found == facts.probes.end() || found->second.exit_code != 0) return {};
    return found->second.out;
  };
  each_line(answer(ffmpeg_codecs_probe()), [&](std::string_view line) { read_codec(line, known); });
  each_line(answer(ffmpeg_filters_probe()), [&](std::string_view line) { read_filter(line, known); });
  return known;
}

std::vector<Probe> capability_probes(const json::object& data) {
  const bool any_set = !ffmpeg_option_sets(data).empty();
  const FfmpegTask task = read_ffmpeg_task(data);
  const auto names = [&](Names what) {
    return any_set || any_names(task.input_options, what) ||
           std::any_of(task.output_maps.begin(), task.output_maps.end(),
                       [&](const auto& map) { return any_names(map.options, what); });
  };
  std::vector<Probe> probes;
  if (names(Names::codec)) probes.push_back(ffmpeg_codecs_probe());
  if (names(Names::filters)) probes.push_back(ffmpeg_filters_probe());
  return probes;
}

void check_capabilities(const json::object& data, const FfmpegTask& task, const Facts& facts,
                        std::vector<Problem>& problems) {
  const FfmpegCapabilities known = ffmpeg_capabilities(facts);
  const auto complain = [&](const std::string& pointer, std::string message) {
    problems.push_back({Problem::Kind::environment, pointer, std::move(message)});
  };
  for (const auto& [key, value] : task.input_options) {
    const auto argument = ffmpeg_argument(value);
    if (!argument) continue;
    for (std::string& text : complaints(key, *argument, std::nullopt, known)) {
      complain(fmt::format("/input_options/{}", std::string_view(key)), std::move(text));
    }
  }
  for (std::size_t i = 0; i < task.output_maps.size(); ++i) {
    for (const auto& [key, value] : task.output_maps[i].options) {
      const auto argument = ffmpeg_argument(value);
      if (!argument) continue;
      for (const std::string& text : complaints(key, *argument, task.output_maps[i].specifier, known)) {
        const std::string set = set_of(data, i, key, facts);
        if (set.empty()) {
          complain(fmt::format("/output_maps/{}/options/{}", i, std::string_view(key)), text);
        } else {
          complain(fmt::format("/output_maps/{}/option_set", i),
                   fmt::format("{} of the option set \"{}\": {}", std::string_view(key), set, text));
        }
      }
    }
  }
}

}  // namespace sisyphus::modules
