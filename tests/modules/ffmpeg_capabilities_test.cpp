#include "modules/ffmpeg_capabilities.hpp"

#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace sisyphus::modules {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::run_tool;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kCodecs = R"(Codecs:
 D..... = Decoding supported
 .E.... = Encoding supported
 ..V... = Video codec
 -------
 D.VI.S 012v                 Uncompressed 4:2:2 10-bit
 DEV.LS h264                 H.264 / AVC (decoders: h264 h264_v4l2m2m ) (encoders: libx264 libx264rgb )
 DEV.L. hevc                 H.265 / HEVC (decoders: hevc ) (encoders: libx265 )
 DEAIL. opus                 Opus (decoders: opus libopus ) (encoders: opus libopus )
 D.A.L. qcelp                QCELP / PureVoice
 DES... ass                  ASS (Advanced SSA) subtitle (decoders: ssa ass ) (encoders: ssa ass )
)";
constexpr const char* kFilters = R"(Filters:
  T.. = Timeline support
  | = Source or sink filter
 TSC scale             V->V       Scale the input video size and/or convert the image format.
 ... overlay           VV->V      Overlay a video source on top of the input.
 ... movie             |->N       Read from a movie source.
 TS  yadif             V->V       Deinterlace the input image.
)";

class FfmpegCapabilitiesTest : public ::testing::Test {
 protected:
  FfmpegCapabilitiesTest() {
    facts_.probes[ffmpeg_codecs_probe().key] = {0, kCodecs, ""};
    facts_.probes[ffmpeg_filters_probe().key] = {0, kFilters, ""};
  }

  std::vector<Problem> check(const std::string& more) const {
    const auto data =
        parsed(R"({"sources":["a"],"source_maps":[{"source":0}],"output_file":"b.mkv",)" + more + "}");
    std::vector<Problem> problems;
    std::vector<Problem> missing;
    const auto merged = with_option_sets(data.as_object(), facts_.option_sets, missing);
    check_capabilities(data.as_object(), read_ffmpeg_task(merged), facts_, problems);
    return problems;
  }
  // Of the first output map, for video.
  std::vector<Problem> check_options(const std::string& options) const {
    return check(R"("output_maps":[{"specifier":"v","stream":0,"options":)" + options + "}]");
  }
  static std::vector<Problem> one(const std::string& pointer, const std::string& message) {
    return {{Problem::Kind::environment, pointer, message}};
  }

  Facts facts_;
};

TEST_F(FfmpegCapabilitiesTest, ReadsWhatFfmpegAnswers) {
  const FfmpegCapabilities known = ffmpeg_capabilities(facts_);
  EXPECT_THAT(known.encoders, ElementsAre(Pair("ass", 's'), Pair("h264", 'v'), Pair("hevc", 'v'),
                                          Pair("libopus", 'a'), Pair("libx264", 'v'), Pair("libx264rgb", 'v'),
                                          Pair("libx265", 'v'), Pair("opus", 'a'), Pair("ssa", 's')));
  EXPECT_THAT(known.decoders, ElementsAre(Pair("012v", 'v'), Pair("ass", 's'), Pair("h264", 'v'),
                                          Pair("h264_v4l2m2m", 'v'), Pair("hevc", 'v'), Pair("libopus", 'a'),
                                          Pair("opus", 'a'), Pair("qcelp", 'a'), Pair("ssa", 's')));
  EXPECT_THAT(known.filters, ElementsAre("movie", "overlay", "scale", "yadif"));
}

TEST_F(FfmpegCapabilitiesTest, EncodersCodecsAndCopyAreTaken) {
  for (const char* name : {"libx264", "h264", "hevc", "copy"}) {
    EXPECT_THAT(check_options(R"({"codec":")" + std::string(name) + R"(","c:v":")" + name + "\"}"), IsEmpty())
        << name;
  }
}

TEST_F(FfmpegCapabilitiesTest, AnUnknownEncoderIsToldWithNearNames) {
  const std::string message = R"(this ffmpeg has no encoder "libx256"; did you mean libx265 or libx264?)";
  for (const char* key : {"codec", "c", "vcodec", "c:v", "codec:v"}) {
    EXPECT_EQ(check_options(R"({")" + std::string(key) + R"(":"libx256"})"),
              one("/output_maps/0/options/" + std::string(key), message));
  }
  EXPECT_EQ(check_options(R"({"c":"qcelp"})"),
            one("/output_maps/0/options/c", R"(this ffmpeg has no encoder "qcelp")"));
}

TEST_F(FfmpegCapabilitiesTest, AnEncoderOfAnotherKindIsTold) {
  EXPECT_EQ(
      check_options(R"({"codec":"libopus"})"),
      one("/output_maps/0/options/codec", R"(the encoder "libopus" is for audio, expected one for video)"));
  EXPECT_EQ(
      check(R"("output_maps":[{"stream":0,"options":{"acodec":"h264"}}])"),
      one("/output_maps/0/options/acodec", R"(the encoder "h264" is for video, expected one for audio)"));
  EXPECT_THAT(check(R"("output_maps":[{"stream":0,"options":{"codec":"libopus"}}])"), IsEmpty());
}

TEST_F(FfmpegCapabilitiesTest, AnOptionSetsEncoderIsToldAtTheSetsName) {
  facts_.option_sets["archive"] = parsed(R"({"codec":"libx266"})").as_object();
  EXPECT_EQ(
      check(R"("output_maps":[{"specifier":"v","stream":0,"option_set":"archive",
                "options":{"codec":"h264","vf":"scal=2:2"}}])"),
      (std::vector<Problem>{
          {Problem::Kind::environment, "/output_maps/0/option_set",
           R"(codec of the option set "archive": this ffmpeg has no encoder "libx266"; did you mean libx264 or libx265?)"},
          {Problem::Kind::environment, "/output_maps/0/options/vf",
           R"(this ffmpeg has no filter "scal"; did you mean scale?)"}}));
}

TEST_F(FfmpegCapabilitiesTest, DecodersOfTheFirstSourceAreAskedFor) {
  EXPECT_THAT(check(R"("output_maps":[],"input_options":{"c":"qcelp","vcodec":"h264_v4l2m2m"})"), IsEmpty());
  EXPECT_EQ(check(R"("output_maps":[],"input_options":{"c:v":"libx264"})"),
            one("/input_options/c:v", R"(this ffmpeg has no decoder "libx264")"));
}

TEST_F(FfmpegCapabilitiesTest, FiltersAreFoundInAllFormsOfAValue) {
  EXPECT_THAT(check_options(R"({"vf":"yadif,[a]scale@s=2:2"})"), IsEmpty());
  EXPECT_THAT(check_options(R"({"filter":{"scale":"2:2"},"vf":["yadif","scale=2:2"]})"), IsEmpty());
  for (const char* value : {R"("yadif,foo=1")", R"({"foo":1})", R"(["scale","foo"])"}) {
    EXPECT_EQ(check_options(R"({"filter:v":)" + std::string(value) + "}"),
              one("/output_maps/0/options/filter:v", R"(this ffmpeg has no filter "foo")"));
  }
  EXPECT_EQ(check(R"("output_maps":[],"input_options":{"filter_complex":"foo[a]"})"),
            one("/input_options/filter_complex", R"(this ffmpeg has no filter "foo")"));
}

TEST_F(FfmpegCapabilitiesTest, NothingIsRefusedWhenFfmpegDidNotAnswer) {
  facts_.probes[ffmpeg_codecs_probe().key] = {127, "", "no ffmpeg"};
  facts_.probes.erase(ffmpeg_filters_probe().key);
  EXPECT_THAT(check_options(R"({"codec":"nonsense","vf":"nonsense"})"), IsEmpty());
}

TEST_F(FfmpegCapabilitiesTest, IsAskedOnlyWhatTheTaskNames) {
  const auto keys = [](const std::string& more) {
    std::vector<std::string> names;
    const auto data =
        parsed(R"({"sources":["a"],"source_maps":[{"source":0}],"output_file":"b",)" + more + "}");
    for (const Probe& probe : capability_probes(data.as_object())) names.push_back(probe.key);
    return names;
  };
  EXPECT_THAT(keys(R"("output_maps":[{"stream":0,"options":{"crf":20}}])"), IsEmpty());
  EXPECT_THAT(keys(R"("output_maps":[{"stream":0,"options":{"c:v":"h264"}}])"), ElementsAre("ffmpeg:codecs"));
  EXPECT_THAT(keys(R"("output_maps":[],"input_options":{"lavfi":"null"})"), ElementsAre("ffmpeg:filters"));
  EXPECT_THAT(keys(R"("output_maps":[{"stream":0,"option_set":"x"}])"),
              ElementsAre("ffmpeg:codecs", "ffmpeg:filters"));
}

// The one answer that is read must have every name that the program's other lists have.
TEST(FfmpegCapabilitiesOfThisMachine, EveryEncoderAndDecoderItListsIsKnown) {
  Facts facts;
  for (const Probe& probe : {ffmpeg_codecs_probe(), ffmpeg_filters_probe()}) {
    facts.probes[probe.key] = run_tool(probe.argv);
  }
  const FfmpegCapabilities known = ffmpeg_capabilities(facts);
  const auto expect_all = [](const char* list, const auto& names) {
    std::istringstream in(run_tool({"ffmpeg", "-hide_banner", list}).out);
    std::size_t count = 0;
    std::string line;
    while (std::getline(in, line) && line != " ------") {
    }
    for (std::string flags, name; in >> flags >> name && std::getline(in, line); ++count) {
      EXPECT_TRUE(names.contains(name)) << list << " " << name;
    }
    EXPECT_GT(count, 100U) << list;
  };
  expect_all("-encoders", known.encoders);
  expect_all("-decoders", known.decoders);
  EXPECT_TRUE(known.filters.contains("scale"));
  EXPECT_TRUE(known.filters.contains("buffersink"));
  EXPECT_FALSE(known.encoders.contains("copy"));
}

}  // namespace
}  // namespace sisyphus::modules
