#include "modules/ffmpeg_extent.hpp"

#include "modules/media_time.hpp"
#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;

FfmpegTask task(const char* input_options, const char* options = "{}",
                const char* source_maps = R"([{"source":0,"specifier":"v"},{"source":1}])") {
  const std::string text = std::string(R"({"sources":["a","b"],"source_maps":)") + source_maps +
                           R"(,"output_maps":[{"specifier":"v","stream":0,"options":)" + options +
                           R"(}],"output_file":"o","input_options":)" + input_options + "}";
  return read_ffmpeg_task(parsed(text).as_object());
}

// An hour of film with 90000 frames, and half an hour of sound.
std::map<std::size_t, MediaInfo> sources(std::optional<std::int64_t> frames = 90000) {
  return {{0, {{{"video", "h264", "", frames, 3600.0, 25.0, false}}, 3600.0}},
          {1, {{{"audio", "aac", "", std::nullopt, std::nullopt, std::nullopt, false}}, 1800.0}}};
}

TEST(MediaTime, ReadsFfmpegsDurations) {
  EXPECT_EQ(media_seconds("0:10:00"), 600.0);
  EXPECT_EQ(media_seconds("1:02:03.5"), 3723.5);
  EXPECT_EQ(media_seconds("02:03"), 123.0);
  EXPECT_EQ(media_seconds("90"), 90.0);
  EXPECT_EQ(media_seconds("1.5s"), 1.5);
  EXPECT_EQ(media_seconds("200ms"), 0.2);
  EXPECT_EQ(media_seconds("500000us"), 0.5);
  EXPECT_EQ(media_seconds("-5"), -5.0);
  EXPECT_EQ(option_seconds(boost::json::value(7)), 7.0);
  for (const char* text : {"", "x", "1:2:3:4", "1:", ":1", "--1", "1:-2", "5m", "nan", "inf", " 1"}) {
    EXPECT_FALSE(media_seconds(text)) << text;
  }
  EXPECT_FALSE(option_seconds(boost::json::value(true)));
}

TEST(MediaTime, ReadsRates) {
  EXPECT_EQ(media_rate("25/1"), 25.0);
  EXPECT_DOUBLE_EQ(media_rate("24000/1001").value(), 24000.0 / 1001);
  EXPECT_EQ(media_rate("23.976"), 23.976);
  for (const char* text : {"0/0", "1/0", "", "/", "a/b", "-25/1"}) EXPECT_FALSE(media_rate(text)) << text;
}

TEST(FfmpegExtent, IsThatOfTheMappedVideo) {
  const auto extent = ffmpeg_extent(task("{}"), sources());
  EXPECT_EQ(extent.frames, 90000);
  EXPECT_EQ(extent.seconds, 3600.0);
}

TEST(FfmpegExtent, WithoutACountOfFramesItIsDurationTimesRate) {
  EXPECT_EQ(ffmpeg_extent(task("{}"), sources(std::nullopt)).frames, 90000);
}

TEST(FfmpegExtent, IsCutByTheInputOptions) {
  struct Case {
    const char* options;
    double seconds;
  };
  constexpr Case kCases[] = {
      {R"({"ss":"0:10:00","to":"0:20:00"})", 600},
      {R"({"t":"5"})", 5},
      {R"({"to":90})", 90},
      {R"({"ss":"3590"})", 10},
      {R"({"ss":10,"t":20,"to":15})", 20},
      {R"({"t":"2:00:00"})", 3600},
      {R"({"sseof":"-60"})", 60},
      {R"({"stream_loop":1})", 7200},
      {R"({"stream_loop":-1,"t":"100"})", 100},
      {R"({"ss":"nonsense"})", 3600},
  };
  for (const auto& [options, seconds] : kCases) {
    const auto extent = ffmpeg_extent(task(options), sources());
    EXPECT_EQ(extent.seconds, seconds) << options;
    EXPECT_EQ(extent.frames, static_cast<std::int64_t>(seconds * 25)) << options;
  }
}

TEST(FfmpegExtent, WithoutAnEndNothingIsKnown) {
  for (const char* options : {R"({"stream_loop":-1})", R"({"ss":"2:00:00"})"}) {
    const auto extent = ffmpeg_extent(task(options), sources());
    EXPECT_FALSE(extent.frames || extent.seconds) << options;
  }
}

TEST(FfmpegExtent, TheCutConcernsTheFirstSourceAlone) {
  const auto extent = ffmpeg_extent(task(R"({"t":5})", "{}", R"([{"source":1,"specifier":"a"}])"), sources());
  EXPECT_EQ(extent.seconds, 1800.0);
  EXPECT_FALSE(extent.frames);
}

TEST(FfmpegExtent, OptionsThatChangeTheFramesLeaveTheTime) {
  for (const char* options : {R"({"vf":"yadif=1,scale=2:2"})", R"({"filter":"fps=5"})", R"({"frames":9})",
                              R"({"r":"ntsc"})", R"({"vf":["a"]})"}) {
    const auto extent = ffmpeg_extent(task("{}", options), sources());
    EXPECT_FALSE(extent.frames) << options;
    EXPECT_EQ(extent.seconds, 3600.0) << options;
  }
  EXPECT_EQ(ffmpeg_extent(task("{}", R"({"vf":"scale=1280:-2"})"), sources()).frames, 90000);
  EXPECT_EQ(ffmpeg_extent(task("{}", R"({"r":"50/1"})"), sources()).frames, 180000);
}

TEST(FfmpegExtent, ACoverIsNoFilm) {
  auto media = sources();
  media.at(0).streams[0].picture = true;
  const auto extent = ffmpeg_extent(task("{}"), media);
  EXPECT_FALSE(extent.frames);
  EXPECT_EQ(extent.seconds, 3600.0);
}

TEST(MediaInfo, ReadsStreamsAndTagsWithLanguages) {
  const auto info = read_media_info(R"({"streams":[
      {"codec_type":"video","codec_name":"hevc","avg_frame_rate":"24000/1001",
       "tags":{"NUMBER_OF_FRAMES-eng":"1234","DURATION-eng":"00:00:51.5","language":"jpn"}},
      {"codec_type":"video","codec_name":"mjpeg","avg_frame_rate":"0/0","disposition":{"attached_pic":1}},
      {"codec_type":"audio","nb_frames":"77","duration":"3.5"},{}],"format":{"duration":"52"}})");
  ASSERT_TRUE(info);
  ASSERT_EQ(info->streams.size(), 4U);
  EXPECT_EQ(info->streams[0].frames, 1234);
  EXPECT_EQ(info->streams[0].seconds, 51.5);
  EXPECT_EQ(info->streams[0].language, "jpn");
  EXPECT_TRUE(info->streams[1].picture);
  EXPECT_FALSE(info->streams[1].rate);
  EXPECT_EQ(info->streams[2].seconds, 3.5);
  EXPECT_EQ(info->seconds, 52.0);
  EXPECT_EQ(describe_streams(*info), "2 video (hevc jpn, mjpeg), 1 audio (unknown), 1 unknown (unknown)");
  EXPECT_EQ(select_streams(*info, "v", 1).at(0), &info->streams[1]);
  EXPECT_EQ(select_streams(*info, "", 2).at(0), &info->streams[2]);
  EXPECT_EQ(select_streams(*info, "v", std::nullopt).size(), 2U);
  EXPECT_TRUE(select_streams(*info, "s", std::nullopt).empty());
}

TEST(MediaInfo, RefusesWhatIsNotFfprobesAnswer) {
  for (const char* text : {"", "[]", "{}", R"({"streams":{}})", R"({"streams":[1]})"}) {
    EXPECT_FALSE(read_media_info(text)) << text;
  }
}

}  // namespace
}  // namespace sisyphus::modules
