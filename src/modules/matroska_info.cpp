#include "modules/matroska_info.hpp"

#include "core/parse_json.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

const json::object kNothing;

const json::object& object_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kNothing;
}

// The objects of a list; what is no object is passed over.
std::vector<const json::object*> objects_at(const json::object& object, std::string_view key) {
  std::vector<const json::object*> objects;
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_array()) return objects;
  for (const json::value& item : value->get_array()) {
    if (item.is_object()) objects.push_back(&item.get_object());
  }
  return objects;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::int64_t number_at(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

bool is_false(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && !value->get_bool();
}

// mkvmerge's first complaint, on one line.
std::string first_error(const json::object& root) {
  const json::value* errors = root.if_contains("errors");
  if (errors == nullptr || !errors->is_array() || errors->get_array().empty()) return {};
  const json::value& first = errors->get_array().front();
  std::string text = first.is_string() ? std::string(first.get_string()) : "unknown error";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

MatroskaInfo foretold(const std::vector<std::string>& types) {
  MatroskaInfo info;
  info.complete = false;
  for (const std::string& type : types) {
    MatroskaTrack track;
    track.id = static_cast<std::int64_t>(info.tracks.size());
    track.type = type;
    info.tracks.push_back(std::move(track));
  }
  return info;
}

}  // namespace

Result<MatroskaInfo> read_matroska_info(std::string_view text) {
  const auto parsed = parse_json(text);
  if (!parsed) return Error{Errc::tool, "mkvmerge's answer is " + parsed.error().detail, {}};
  if (!parsed->is_object()) return Error{Errc::tool, "mkvmerge's answer is no object", {}};
  const json::object& root = parsed->get_object();
  if (std::string error = first_error(root); !error.empty()) return Error{Errc::tool, std::move(error), {}};
  const json::object& container = object_at(root, "container");
  if (is_false(container, "recognized"))
    return Error{Errc::tool, "mkvmerge does not know this kind of file", {}};
  if (is_false(container, "supported")) {
    return Error{Errc::tool, fmt::format("mkvmerge cannot read {} files", text_at(container, "type")), {}};
  }
  MatroskaInfo info;
  info.container = text_at(container, "type");
  for (const json::object* track : objects_at(root, "tracks")) {
    const json::object& properties = object_at(*track, "properties");
    info.tracks.push_back({number_at(*track, "id", static_cast<std::int64_t>(info.tracks.size())),
                           text_at(*track, "type"), text_at(*track, "codec"), text_at(properties, "codec_id"),
                           text_at(properties, "language")});
  }
  for (const json::object* attachment : objects_at(root, "attachments")) {
    info.attachments.push_back({number_at(*attachment, "id", 0), text_at(*attachment, "file_name")});
  }
  info.has_chapters = !objects_at(root, "chapters").empty();
  info.has_tags = !objects_at(root, "global_tags").empty() || !objects_at(root, "track_tags").empty();
  return info;
}

Probe matroska_probe(const std::string& absolute) {
  return {"mkvmerge-J:" + absolute, {"mkvmerge", "-J", absolute}, absolute};
}

void add_matroska_probe(const std::string& absolute, std::vector<Probe>& probes) {
  // Only files: mkvmerge would wait on a pipe for ever.
  if (path_kind(absolute) == PathKind::file) probes.push_back(matroska_probe(absolute));
}

MatroskaSource look_at_source(const std::string& absolute, const std::string& pointer, const Facts& facts,
                              std::vector<Problem>& problems) {
  const auto complain = [&](std::string message) {
    problems.push_back({Problem::Kind::environment, pointer, std::move(message)});
  };
  // What is there now says nothing when an earlier task is about to replace it.
  if (yet_to_be_written(facts, absolute)) {
    const auto types = facts.streams_before.find(normal_path(absolute, facts.working_directory));
    if (types != facts.streams_before.end()) return {foretold(types->second), {}};
    return {std::nullopt,
            fmt::format("the tracks of {} are known once an earlier task has written it", absolute)};
  }
  const PathKind kind = path_kind(absolute);
  const auto probed = facts.probes.find(matroska_probe(absolute).key);
  if (probed == facts.probes.end()) {
    if (kind == PathKind::missing) complain(fmt::format("the source {} does not exist", absolute));
    if (kind == PathKind::folder) complain(fmt::format("the source {} is a folder", absolute));
    if (kind == PathKind::other) complain(fmt::format("the source {} is not a regular file", absolute));
    if (kind == PathKind::file) complain(fmt::format("the source {} could not be looked at", absolute));
    return {};
  }
  if (probed->second.exit_code == 127) return {};  // no mkvmerge: said already
  auto info = read_matroska_info(probed->second.out);
  if (!info && probed->second.exit_code != 0 && probed->second.out.empty()) {
    complain(fmt::format("the source {}: {}", absolute, words_of(probed->second, "mkvmerge")));
    return {};
  }
  if (!info) {
    complain(fmt::format("the source {}: {}", absolute, info.error().detail));
    return {};
  }
  return {std::move(*info), {}};
}

std::string describe_tracks(const MatroskaInfo& info) {
  std::string text;
  for (const MatroskaTrack& track : info.tracks) {
    std::string more = track.codec;
    if (!track.language.empty()) more += (more.empty() ? "" : " ") + track.language;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", track.id, track.type);
    if (!more.empty()) text += fmt::format(" ({})", more);
  }
  return text.empty() ? "no tracks" : text;
}

std::string describe_attachments(const MatroskaInfo& info) {
  std::string text;
  for (const MatroskaAttachment& attachment : info.attachments) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", attachment.id, attachment.name);
  }
  return text.empty() ? "no attachments" : text;
}

}  // namespace sisyphus::modules
