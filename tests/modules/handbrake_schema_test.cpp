#include "modules/handbrake_options.hpp"
#include "modules/schema.hpp"
#include "tests/modules/support.hpp"

#include <boost/json/object.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A task that passes, with the top-level keys of `changes` laid over it.
boost::json::value task(const char* changes) {
  boost::json::value data = parsed(R"({"source":"a.mkv","output_file":"b.mkv"})");
  const boost::json::value over = parsed(changes);
  for (const auto& [key, value] : over.as_object()) data.as_object()[key] = value;
  return data;
}

struct Breach {
  const char* changes;
  const char* pointer;
  const char* message;  // a part of it
};

constexpr Breach kBreaches[] = {
    {R"({"source":7})", "/source", "found the number 7, expected a string"},
    {R"({"source":""})", "/source", "found an empty string, expected the file or device to read"},
    {R"({"source":null})", "/source", "found null, expected a string"},
    {R"({"output_file":["a"]})", "/output_file", "found a list of 1, expected a string"},
    {R"({"output_file":"a\u0000b"})", "/output_file", "holds a NUL"},
    {R"({"overwrite":true})", "/overwrite", "unknown key \"overwrite\"; known here: source, output_file"},
    {R"({"video_option":{}})", "/video_option", "unknown key \"video_option\""},
    {R"({"video_options":[]})", "/video_options", "found an empty list, expected an object"},
    {R"({"source_options":{"title":0}})", "/source_options/title", "found the number 0, expected at least 1"},
    {R"({"source_options":{"title":1.5}})", "/source_options/title", "expected an integer"},
    {R"({"source_options":{"scan":true}})", "/source_options/scan",
     "unknown key \"scan\"; known here: title"},
    {R"({"source_options":{"chapters":"1 to 3"}})", "/source_options/chapters",
     "one (\"3\") or a range (\"1-3\")"},
    {R"({"source_options":{"start_at":{"minutes":3}}})", "/source_options/start_at/minutes",
     "known here: frames, seconds, pts"},
    {R"({"source_options":{"start_at":{}}})", "/source_options/start_at",
     "found an empty object, expected at least 1 of the keys frames, seconds, pts"},
    {R"({"source_options":{"stop_at":{"frames":1,"pts":2}}})", "/source_options/stop_at",
     "expected at most 1"},
    {R"({"source_options":{"stop_at":{"frames":1.5}}})", "/source_options/stop_at/frames",
     "expected an integer"},
    {R"({"source_options":{"stop_at":{"seconds":-1}}})", "/source_options/stop_at/seconds", "at least 0"},
    {R"({"source_options":{"stop_at":"frames:300"}})", "/source_options/stop_at", "expected an object"},
    {R"({"destination_options":{"format":"mkv"}})", "/destination_options/format",
     R"(found the string "mkv", expected "av_mp4", "av_mkv" or "av_webm")"},
    {R"({"destination_options":{"markers":1}})", "/destination_options/markers", "expected true or false"},
    {R"({"video_options":{"encoder":"x256"}})", "/video_options/encoder",
     R"(found the string "x256", expected "svt_av1")"},
    {R"({"video_options":{"Encoder":"x265"}})", "/video_options/Encoder", "unknown key \"Encoder\""},
    {R"({"video_options":{"two-pass":true}})", "/video_options/two-pass", "unknown key \"two-pass\""},
    {R"({"video_options":{"quality":"22"}})", "/video_options/quality", "expected a number"},
    {R"({"video_options":{"quality":true}})", "/video_options/quality", "found true, expected a number"},
    {R"({"video_options":{"rate":0.5}})", "/video_options/rate", "found the number 0.5, expected at least 1"},
    {R"({"video_options":{"rate":1001}})", "/video_options/rate", "expected at most 1000"},
    {R"({"video_options":{"vb":0}})", "/video_options/vb", "expected at least 1"},
    {R"({"video_options":{"encopts":"bframes=4"}})", "/video_options/encopts", "expected an object"},
    {R"({"video_options":{"encopts":{"a":[1]}}})", "/video_options/encopts/a", "found a list of 1"},
    {R"({"video_options":{"encopts":{"":1}}})", "/video_options/encopts/", "found the key \"\""},
    {R"({"video_options":{"enable_hw_decoding":"cuda"}})", "/video_options/enable_hw_decoding", "\"nvdec\""},
    {R"({"audio_options":{"audio":[0]}})", "/audio_options/audio/0", "expected at least 1"},
    {R"({"audio_options":{"audio":["one"]}})", "/audio_options/audio/0", "expected an integer"},
    {R"({"audio_options":{"audio":"all"}})", "/audio_options/audio", "the word none"},
    {R"({"audio_options":{"audio":false}})", "/audio_options/audio", "found false, expected a list"},
    {R"({"audio_options":{"aencoder":"opus"}})", "/audio_options/aencoder", "expected a list"},
    {R"({"audio_options":{"aencoder":["opus","aac"]}})", "/audio_options/aencoder/1",
     "found the string \"aac\""},
    {R"({"audio_options":{"mixdown":["stereo","5.1"]}})", "/audio_options/mixdown/1", "\"5point1\""},
    {R"({"audio_options":{"drc":[0.5]}})", "/audio_options/drc/0", "expected at least 1"},
    {R"({"audio_options":{"drc":[4.5]}})", "/audio_options/drc/0", "expected at most 4"},
    {R"({"audio_options":{"arate":[48000]}})", "/audio_options/arate/0", "48 or \"auto\""},
    {R"({"audio_options":{"normalize_mix":[2]}})", "/audio_options/normalize_mix/0", "expected at most 1"},
    {R"({"audio_options":{"adither":["no"]}})", "/audio_options/adither/0", "\"lipshitz_ns\""},
    {R"({"picture_options":{"maxHeight":720}})", "/picture_options/maxHeight", "unknown key \"maxHeight\""},
    {R"({"picture_options":{"width":0}})", "/picture_options/width", "expected at least 1"},
    {R"({"picture_options":{"crop":{"up":2}}})", "/picture_options/crop/up",
     "known here: top, bottom, left, right"},
    {R"({"picture_options":{"crop":{"top":-2}}})", "/picture_options/crop/top", "expected at least 0"},
    {R"({"picture_options":{"crop_mode":"smart"}})", "/picture_options/crop_mode", "\"conservative\""},
    {R"({"picture_options":{"pixel_aspect":"3/2"}})", "/picture_options/pixel_aspect", "such as 3:2"},
    {R"({"picture_options":{"color_matrix":709}})", "/picture_options/color_matrix",
     "found the number 709, expected \"2020\""},
    {R"({"filters_options":{"decomb":"bobb"}})", "/filters_options/decomb",
     "a preset (bob, eedi2, eedi2bob)"},
    {R"({"filters_options":{"decomb":{}}})", "/filters_options/decomb", "found an empty object"},
    {R"({"filters_options":{"decomb":{"preset":"x"}}})", "/filters_options/decomb/preset", "\"eedi2bob\""},
    {R"({"filters_options":{"hqdn3d":{"y-spatial":3}}})", "/filters_options/hqdn3d/y-spatial", "unknown key"},
    {R"({"filters_options":{"hqdn3d":{"custom":{"y":3}}}})", "/filters_options/hqdn3d/custom/y",
     "unknown key"},
    {R"({"filters_options":{"hqdn3d":{"custom":{"y_spatial":"3"}}}})",
     "/filters_options/hqdn3d/custom/y_spatial", "expected a number"},
    {R"({"filters_options":{"detelecine":{"plane":1.5}}})", "/filters_options/detelecine/plane",
     "expected an integer"},
    {R"({"filters_options":{"decomb":{"parity":-1}}})", "/filters_options/decomb/parity",
     "expected at least 0"},
    {R"({"filters_options":{"nlmeans_tune":"movie"}})", "/filters_options/nlmeans_tune", "\"highmotion\""},
    {R"({"filters_options":{"rotate":{"angle":45}}})", "/filters_options/rotate/angle", "0, 90, 180 or 270"},
    {R"({"filters_options":{"pad":true}})", "/filters_options/pad", "found true, expected"},
    {R"({"filters_options":{"colorspace":"bt2100"}})", "/filters_options/colorspace", "bt601-6-525"},
    {R"({"subtitles_options":{"subtitle":true}})", "/subtitles_options/subtitle", "found true, expected"},
    {R"({"subtitles_options":{"subtitle":[]}})", "/subtitles_options/subtitle", "expected at least 1"},
    {R"({"subtitles_options":{"subtitle":["first"]}})", "/subtitles_options/subtitle/0", "the word scan"},
    {R"({"subtitles_options":{"subtitle_burned":"first"}})", "/subtitles_options/subtitle_burned", "native"},
    {R"({"subtitles_options":{"subtitle_default":0}})", "/subtitles_options/subtitle_default", "at least 1"},
    {R"({"subtitles_options":{"srt_file":"a.srt"}})", "/subtitles_options/srt_file", "expected a list"},
    {R"({"subtitles_options":{"srt_file":[""]}})", "/subtitles_options/srt_file/0", "found an empty string"},
    {R"({"subtitles_options":{"srt_offset":[0.5]}})", "/subtitles_options/srt_offset/0",
     "expected an integer"},
    {R"({"subtitles_options":{"srt_burn":"1"}})", "/subtitles_options/srt_burn",
     "expected true, false or an integer"},
};

TEST(HandbrakeSchema, SaysWhereAndWhatIsWrong) {
  const auto& schema = embedded_schema("handbrake");
  for (const auto& [changes, pointer, message] : kBreaches) {
    SCOPED_TRACE(changes);
    const auto problems = check_schema(schema, task(changes));
    ASSERT_EQ(problems.size(), 1U) << ::testing::PrintToString(problems);
    EXPECT_EQ(problems[0].kind, Problem::Kind::document);
    EXPECT_EQ(problems[0].pointer, pointer);
    EXPECT_THAT(problems[0].message, HasSubstr(message));
  }
}

TEST(HandbrakeSchema, BothFilesAreWanted) {
  const auto problems = check_schema(embedded_schema("handbrake"), parsed("{}"));
  std::vector<std::string> messages;
  for (const Problem& problem : problems) messages.push_back(problem.message);
  EXPECT_THAT(messages,
              UnorderedElementsAre(HasSubstr("the key \"source\" is missing: the file or device to read"),
                                   HasSubstr("the key \"output_file\" is missing: the file to write")));
}

TEST(HandbrakeSchema, TakesEveryFormOfAValue) {
  const char* const good[] = {
      R"({"source_options":{"chapters":3,"previews":"30:1","start_at":{"seconds":1.5},"stop_at":{"seconds":2}}})",
      R"({"source_options":{"chapters":"1-3","previews":10,"main_feature":false}})",
      R"({"video_options":{"encoder":"nvenc_h265","encoder_level":4.1,"enable_hw_decoding":"nvdec","encopts":{}}})",
      R"({"audio_options":{"audio":null,"arate":[44.1,"auto",48],"normalize_mix":[true,0],"ab":[]}})",
      R"({"audio_options":{"audio":"none","gain":[-3,1.5],"aname":["",", \"x\""]}})",
      R"({"audio_options":{"audio":2,"audio_copy_mask":["aac","copy:dts"],"audio_fallback":"fdk_aac"}})",
      R"({"filters_options":{"comb_detect":{"presets":"fast"},"decomb":"bob","hqdn3d":true,"nlmeans":false}})",
      R"({"filters_options":{"comb_detect":{"mode":3},"lapsharp":{"custom":{"y_kernel":"log"}},"pad":false}})",
      R"({"filters_options":{"rotate":{"angle":90,"hflip":true},"colorspace":{"primaries":"bt709","param":1}}})",
      R"({"subtitles_options":{"subtitle":["scan",1],"subtitle_forced":[1,2],"subtitle_burned":"native"}})",
      R"({"subtitles_options":{"subtitle":null,"subtitle_default":null,"first_subtitles":true,"srt_burn":false}})",
      R"({"subtitles_options":{"subtitle":"none","subtitle_default":"none","ssa_default":2,"srt_offset":[-5]}})",
      R"({"subtitles_options":{"subtitle":[2,"1"],"subtitle_burned":"1","subtitle_default":"2"}})",
  };
  for (const char* changes : good) {
    EXPECT_EQ(check_schema(embedded_schema("handbrake"), task(changes)), std::vector<Problem>{}) << changes;
  }
}

TEST(HandbrakeSchema, EveryOptionIsOneThatCanBeWritten) {
  std::size_t options = 0;
  for (const auto& [section, part] : embedded_schema("handbrake").at("properties").as_object()) {
    const boost::json::value* properties = part.as_object().if_contains("properties");
    if (properties == nullptr) continue;
    for (const auto& entry : properties->as_object()) {
      ++options;
      EXPECT_NE(find_handbrake_option(entry.key()), nullptr) << entry.key();
    }
  }
  EXPECT_GE(options, 100U);
  EXPECT_EQ(find_handbrake_option("json"), nullptr);
}

}  // namespace
}  // namespace sisyphus::modules
