#include "modules/verify_alignment.hpp"

#include <algorithm>
#include <cmath>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::int64_t microseconds(double seconds) {
  return std::llround(seconds * 1e6);
}

// MPEG-TS and MPEG-PS run on a clock of their own. ffmpeg lets them begin with the first of the streams that
// it is asked for, all others with the file.
bool has_own_clock(const MediaInfo& info) {
  return info.format == "mpegts" || info.format == "mpeg";
}

bool has_sound(const MediaInfo& info) {
  return std::any_of(info.streams.begin(), info.streams.end(),
                     [](const MediaStream& stream) { return stream.type == "audio"; });
}

// From the beginning of the file to that of its film.
double lead_s(const MediaInfo& info) {
  const MediaStream* const film = film_of(info);
  if (film == nullptr || !film->start) return 0;
  return *film->start - (has_own_clock(info) ? info.start.value_or(0) : 0);
}

double picture_s(const MediaInfo& file, const MediaInfo& source) {
  static constexpr double kUsualRate = 25;
  for (const MediaInfo* info : {&source, &file}) {
    const MediaStream* const film = film_of(*info);
    if (film != nullptr && film->rate) return 1 / *film->rate;
  }
  return 1 / kUsualRate;
}

bool have_sound_of_a_codec(const MediaInfo& one, const MediaInfo& other) {
  for (const MediaStream& sound : one.streams) {
    const auto is_alike = [&](const MediaStream& stream) {
      return stream.type == "audio" && stream.codec == sound.codec;
    };
    if (sound.type == "audio" && std::any_of(other.streams.begin(), other.streams.end(), is_alike))
      return true;
  }
  return false;
}

// Whether the file's times are those of the part that it holds. Of a file with a clock of its own the film
// alone does not say when it would have begun. ffmpeg puts a file off for sound that it copied from before
// the part. And HandBrake leaves out what a source has before its first picture.
bool tells_times(const json::object& cut, const MediaInfo& file, const MediaInfo& source) {
  if (!has_sound(file)) return !has_own_clock(file);
  return cut.contains("ss") ? !have_sound_of_a_codec(file, source) : lead_s(source) <= 0;
}

}  // namespace

// A picture's time says where in the part it belongs, within some pictures: encoders move it by up to 0.6 of
// a picture to keep a constant rate, containers round it, and sound that begins with an encoder's silence
// puts off all of them. So several ways are tried, half a picture apart, each of which takes in a whole one.
// The first pictures of both alone would not do: where a source can only be sought by its key frames, an
// encoder may have repeated the first one from the beginning of the part on.
std::vector<Alignment> alignments(const json::object& cut, const MediaInfo& file, const MediaInfo& source) {
  static constexpr double kFarS = 1;  // what lies between two ways is kept in memory
  const double picture = picture_s(file, source);
  const auto by_first = [&](double pictures) { return Alignment{true, microseconds(pictures * picture)}; };
  const double lead = lead_s(file);
  const bool tells = tells_times(cut, file, source);
  if (!tells && lead > kFarS) return {by_first(0.5), by_first(-0.5), by_first(-1.5)};

  // With sound in the file the encoder has asked for both, the comparison only asks for pictures. With `ss`
  // the streams that are asked for make no difference.
  const bool began_with_sound = has_own_clock(source) && has_sound(file) && !cut.contains("ss");
  const double late = (began_with_sound ? lead_s(source) : 0) - lead;
  const auto by_time = [&](double pictures) {
    return Alignment{false, microseconds(late + pictures * picture)};
  };
  return {by_time(-0.6), by_time(-0.1), by_time(0.4), tells ? by_time(0.9) : by_first(-0.5)};
}

}  // namespace sisyphus::modules
