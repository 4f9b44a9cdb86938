#include "modules/verify_alignment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>

namespace sisyphus::modules {

static void PrintTo(const Alignment& one, std::ostream* out) {
  *out << (one.from_first ? "first" : "times") << " " << one.shift_us;
}

namespace {

using ::testing::ElementsAre;
using ::testing::FieldsAre;

// A film of 25 pictures a second, with sound from the file's beginning.
MediaInfo film(std::string format, double file_start, double film_start) {
  MediaInfo info;
  info.format = std::move(format);
  info.start = file_start;
  MediaStream pictures{"video", "h264", "", {}, {}, 25};
  pictures.start = film_start;
  MediaStream sound{"audio", "aac", "", {}, {}, {}};
  sound.start = file_start;
  info.streams = {pictures, sound};
  return info;
}

MediaInfo mute(MediaInfo info) {
  info.streams.pop_back();
  return info;
}

MediaInfo sounding(MediaInfo info, const char* codec) {
  info.streams.back().codec = codec;
  return info;
}

const MediaInfo kMp4 = film("mov,mp4,m4a,3gp,3g2,mj2", 0, 0);
const MediaInfo kBroadcast = sounding(film("mpegts", 1.4, 1.45), "mp2");
const boost::json::object kUncut;
const boost::json::object kCut{{"ss", 1}};

// Where the first way would put the source's pictures if it did not begin 0.6 of one earlier.
std::int64_t shift_of(const std::vector<Alignment>& ways) {
  EXPECT_FALSE(ways.at(0).from_first);
  return ways.at(0).shift_us + 24'000;
}

TEST(VerifyAlignment, TriesTheTimesHalfAPictureApart) {
  EXPECT_THAT(alignments(kUncut, kMp4, kMp4),
              ElementsAre(FieldsAre(false, -24'000), FieldsAre(false, -4'000), FieldsAre(false, 16'000),
                          FieldsAre(false, 36'000)));
}

TEST(VerifyAlignment, AFilmThatBeginsAfterItsFileIsPutThere) {
  EXPECT_EQ(shift_of(alignments(kCut, film("matroska,webm", 0, 0.3), kBroadcast)), -300'000);
  EXPECT_EQ(shift_of(alignments(kCut, mute(film("matroska,webm", 0.3, 0.3)), kMp4)), -300'000);
  EXPECT_EQ(shift_of(alignments(kCut, film("mpegts", 1.4, 1.7), kBroadcast)), -300'000);
  EXPECT_EQ(shift_of(alignments(kCut, film("matroska,webm", 0, 4), kBroadcast)), -4'000'000);
}

TEST(VerifyAlignment, OfSourcesWithAClockOfTheirOwnTheSoundSetsTheBeginningOfWhatIsNotCut) {
  EXPECT_EQ(shift_of(alignments(kUncut, kMp4, kBroadcast)), 50'000);
  EXPECT_EQ(shift_of(alignments(kUncut, mute(kMp4), kBroadcast)), 0);
  EXPECT_EQ(shift_of(alignments(kCut, kMp4, kBroadcast)), 0);
  EXPECT_EQ(shift_of(alignments(kUncut, kMp4, film("matroska,webm", 0, 0.05))), 0);
}

TEST(VerifyAlignment, TheFirstPicturesAreTriedWhereTimesMayBePutOff) {
  const auto tries_them = [](const boost::json::object& cut, const MediaInfo& file, const MediaInfo& source) {
    return alignments(cut, file, source).back().from_first;
  };
  EXPECT_TRUE(tries_them(kCut, kMp4, kMp4));  // the sound may be copied
  EXPECT_FALSE(tries_them(kUncut, kMp4, kMp4));
  EXPECT_TRUE(tries_them(kUncut, kMp4, kBroadcast));  // HandBrake begins with the pictures
  EXPECT_FALSE(tries_them(kCut, kMp4, kBroadcast));
  EXPECT_FALSE(tries_them(kCut, mute(kMp4), kMp4));
  EXPECT_TRUE(tries_them(kUncut, mute(kBroadcast), kMp4));  // when it would have begun is not told
  EXPECT_FALSE(tries_them(kUncut, kBroadcast, kMp4));
}

TEST(VerifyAlignment, AFilmThatIsPutOffFarIsTriedByItsFirstPicturesOnly) {
  EXPECT_THAT(alignments(kCut, film("matroska,webm", 0, 4), kMp4),
              ElementsAre(FieldsAre(true, 20'000), FieldsAre(true, -20'000), FieldsAre(true, -60'000)));
}

TEST(VerifyAlignment, APictureLastsAsLongAsInTheSource) {
  MediaInfo fast = kMp4;
  fast.streams[0].rate = 50;
  EXPECT_EQ(alignments(kUncut, kMp4, fast).front().shift_us, -12'000);
  EXPECT_EQ(alignments(kUncut, fast, MediaInfo()).front().shift_us, -12'000);
  EXPECT_EQ(alignments(kUncut, MediaInfo(), MediaInfo()).front().shift_us, -24'000);
}

}  // namespace
}  // namespace sisyphus::modules
