#include "queue/journal_format.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sisyphus::queue {
namespace {

std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

TEST(JournalFormat, FrameMadeInItsPayloadsPlaceItIsTheSame) {
  for (const char* const text : {"", "payload.", "one that is longer than the alignment of frames"}) {
    FrameHeader appended{0, 0, 7, 8, 9};
    FrameHeader made = appended;
    std::string frame;
    append_frame(appended, text, frame);
    std::string payload = text;
    make_frame(made, payload);
    EXPECT_EQ(payload, frame);
    EXPECT_EQ(made.checksum, appended.checksum);
    EXPECT_EQ(made.length, appended.length);
  }
}

TEST(JournalFormat, ChecksumIsCrc32c) {
  EXPECT_EQ(crc32c(""), 0U);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
}

TEST(JournalFormat, FrameReadsBackAsItWasWritten) {
  for (const std::size_t size : {0U, 1U, 3U, 4U, 5U, 1000U}) {
    const std::string payload(size, 'p');
    FrameHeader header{0, 0, 0xDEADBEEF, 42, 41};
    std::string frame;
    append_frame(header, payload, frame);
    EXPECT_EQ(frame.size(), frame_size(size));
    EXPECT_EQ(frame.size() % kFrameAlignment, 0U);
    const auto read = decode_frame(frame + "what follows");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->length, size);
    EXPECT_EQ(read->checksum, header.checksum);
    EXPECT_EQ(read->previous_checksum, 0xDEADBEEFU);
    EXPECT_EQ(read->sequence, 42U);
    EXPECT_EQ(read->synced, 41U);
    EXPECT_EQ(payload_of(*read, frame), payload);
  }
}

TEST(JournalFormat, EveryFlippedBitOfAFrameIsDetected) {
  FrameHeader header{0, 0, 1, 2, 3};
  std::string frame;
  append_frame(header, "payload.", frame);
  ASSERT_EQ(frame.size(), kFrameHeaderSize + 8);  // no padding, which holds nothing
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit)
    EXPECT_FALSE(decode_frame(flipped(frame, bit))) << bit;
}

TEST(JournalFormat, CutFrameIsNone) {
  FrameHeader header{0, 0, 1, 2, 3};
  std::string frame;
  append_frame(header, "payload.", frame);
  for (std::size_t length = 0; length < frame.size(); ++length)
    EXPECT_FALSE(decode_frame(frame.substr(0, length)));
}

TEST(JournalFormat, IntegersAreLittleEndian) {
  FrameHeader header{0, 0, 0x04030201, 0x0807060504030201, 9};
  std::string frame;
  append_frame(header, "x", frame);
  EXPECT_EQ(frame.substr(0, 4), "SFRM");
  EXPECT_EQ(frame.substr(8, 4), std::string("\1\0\0\0", 4));
  EXPECT_EQ(frame.substr(12, 4), "\1\2\3\4");
  EXPECT_EQ(frame.substr(16, 8), "\1\2\3\4\5\6\7\10");
}

TEST(JournalFormat, SegmentHeaderReadsBackAndEveryFlippedBitIsDetected) {
  const SegmentHeader header{make_uuid(), 7, 99, 0xCAFE};
  const std::string bytes = encode_segment_header(header);
  const auto read = decode_segment_header(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->store_id, header.store_id);
  EXPECT_EQ(read->number, 7U);
  EXPECT_EQ(read->first_sequence, 99U);
  EXPECT_EQ(read->previous_checksum, 0xCAFEU);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    EXPECT_FALSE(decode_segment_header(flipped(bytes, bit))) << bit;
  }
}

TEST(JournalFormat, SegmentOfAnotherFormatSaysSo) {
  std::string bytes = encode_segment_header({});
  bytes[4] = 9;
  EXPECT_EQ(decode_segment_header(bytes).error().detail,
            "journal format 9 is not known here (this version reads 2)");
  EXPECT_EQ(decode_segment_header("short").error().detail, "the segment header is cut");
  EXPECT_EQ(decode_segment_header(std::string(64, 'x')).error().detail, "this is not a journal segment");
}

}  // namespace
}  // namespace sisyphus::queue
