#include "modules/media_info.hpp"

#include "core/parse_json.hpp"
#include "modules/media_time.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
}

// A tag's value; the writing library may add a language to its name ("NUMBER_OF_FRAMES-eng").
std::string_view tag(const json::object& stream, std::string_view name) {
  const json::value* tags = stream.if_contains("tags");
  if (tags == nullptr || !tags->is_object()) return {};
  for (const auto& [key, value] : tags->get_object()) {
    const std::string_view have = key;
    const bool fits = have.starts_with(name) && (have.size() == name.size() || have[name.size()] == '-');
    if (fits && value.is_string()) return value.get_string();
  }
  return {};
}

std::optional<std::int64_t> count(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? std::optional(value->get_int64()) : std::nullopt;
}

std::optional<double> duration(std::string_view text) {
  const auto seconds = media_seconds(text);
  return seconds && *seconds > 0 ? seconds : std::nullopt;
}

MediaStream read_stream(const json::object& object) {
  MediaStream stream;
  stream.type = text_of(object, "codec_type");
  stream.codec = text_of(object, "codec_name");
  stream.language = tag(object, "language");
  stream.frames = count(text_of(object, "nb_frames"));
  if (!stream.frames) stream.frames = count(tag(object, "NUMBER_OF_FRAMES"));
  stream.seconds = duration(text_of(object, "duration"));
  if (!stream.seconds) stream.seconds = duration(tag(object, "DURATION"));
  stream.pixel_format = text_of(object, "pix_fmt");
  stream.width = number_of(object, "width");
  stream.height = number_of(object, "height");
  stream.channels = number_of(object, "channels");
  stream.start = media_seconds(text_of(object, "start_time"));
  stream.rate = media_rate(text_of(object, "avg_frame_rate"));
  if (const json::value* disposition = object.if_contains("disposition");
      disposition != nullptr && disposition->is_object()) {
    stream.picture = number_of(disposition->get_object(), "attached_pic").value_or(0) != 0;
  }
  return stream;
}

}  // namespace

Result<MediaInfo> read_media_info(std::string_view ffprobe_json) {
  auto parsed = parse_json(ffprobe_json);
  if (!parsed) return Error{Errc::tool, "ffprobe's answer is " + parsed.error().detail, {}};
  const json::object* root = parsed->if_object();
  const json::value* streams = root == nullptr ? nullptr : root->if_contains("streams");
  if (streams == nullptr || !streams->is_array()) {
    return Error{Errc::tool, "ffprobe's answer has no list of streams", {}};
  }
  MediaInfo info;
  for (const json::value& stream : streams->get_array()) {
    if (!stream.is_object()) return Error{Errc::tool, "ffprobe's answer has a stream that is no object", {}};
    info.streams.push_back(read_stream(stream.get_object()));
  }
  if (const json::value* format = root->if_contains("format"); format != nullptr && format->is_object()) {
    info.seconds = duration(text_of(format->get_object(), "duration"));
    info.size_bytes = count(text_of(format->get_object(), "size"));
    info.format = text_of(format->get_object(), "format_name");
    info.start = media_seconds(text_of(format->get_object(), "start_time"));
  }
  return info;
}

MediaInfo foretold_media(const std::vector<std::string>& track_types) {
  MediaInfo info;
  for (const std::string& type : track_types) {
    MediaStream stream;
    stream.type = type == "subtitles" ? "subtitle" : type;
    info.streams.push_back(std::move(stream));
  }
  return info;
}

std::vector<const MediaStream*> select_streams(const MediaInfo& info, const std::string& specifier,
                                               std::optional<std::int64_t> index) {
  static constexpr std::pair<char, std::string_view> kTypes[] = {
      {'v', "video"}, {'a', "audio"}, {'s', "subtitle"}, {'d', "data"}, {'t', "attachment"}};
  std::string_view type;
  for (const auto& [letter, name] : kTypes) {
    if (!specifier.empty() && specifier.front() == letter) type = name;
  }
  std::vector<const MediaStream*> streams;
  for (const MediaStream& stream : info.streams) {
    if (type.empty() || stream.type == type) streams.push_back(&stream);
  }
  if (!index) return streams;
  const auto at = static_cast<std::size_t>(*index);
  if (at >= streams.size()) return {};
  return {streams[at]};
}

const MediaStream* film_of(const MediaInfo& info) {
  const auto film = std::find_if(info.streams.begin(), info.streams.end(), [](const MediaStream& stream) {
    return stream.type == "video" && !stream.picture;
  });
  return film == info.streams.end() ? nullptr : &*film;
}

std::string describe_streams(const MediaInfo& info) {
  std::vector<std::string> types;  // in the order in which they first appear
  for (const MediaStream& stream : info.streams) {
    if (std::find(types.begin(), types.end(), stream.type) == types.end()) types.push_back(stream.type);
  }
  std::string text;
  for (const std::string& type : types) {
    std::size_t count = 0;
    std::string codecs;
    for (const MediaStream& stream : info.streams) {
      if (stream.type != type) continue;
      ++count;
      codecs += (codecs.empty() ? "" : ", ") + (stream.codec.empty() ? "unknown" : stream.codec);
      if (!stream.language.empty()) codecs += " " + stream.language;
    }
    text +=
        fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", count, type.empty() ? "unknown" : type, codecs);
  }
  return text.empty() ? "no streams" : text;
}

}  // namespace sisyphus::modules
