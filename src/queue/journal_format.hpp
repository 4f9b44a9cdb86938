#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The bytes of the journal. All integers are little-endian. docs/journal.md tells the whole story.
//
// A segment is a header and frames, written into a file of zeros; the first zero frame header ends it.
// A frame is one batch of records, all of it or nothing:
//   0 u32 magic  4 u32 checksum (CRC-32C of what follows it)  8 u32 payload length  12 u32 the previous
//   frame's checksum  16 u64 sequence  24 u64 the last sequence that was on disk when this one was written 32
//   payload
// and zeros up to a multiple of four.
namespace sisyphus::queue {

constexpr std::uint32_t kSegmentMagic = 0x4C4A5353;   // "SSJL"
constexpr std::uint32_t kSnapshotMagic = 0x504E5353;  // "SSNP"
constexpr std::uint32_t kFrameMagic = 0x4D524653;     // "SFRM"
constexpr std::uint32_t kFormatVersion = 2;
constexpr std::size_t kSegmentHeaderSize = 64;
constexpr std::size_t kFrameHeaderSize = 32;
constexpr std::size_t kFrameAlignment = 4;

// 0 magic  4 version  8 store id (16 bytes)  24 u64 number  32 u64 first sequence  40 u32 checksum of the
// last frame of the segment before  44 zeros  60 u32 CRC-32C of bytes 0..59
struct SegmentHeader {
  Uuid store_id{};
  std::uint64_t number = 1;
  std::uint64_t first_sequence = 1;
  std::uint32_t previous_checksum = 0;

  bool operator==(const SegmentHeader&) const = default;
};

// A snapshot is a header of the same length and frames of its own chain, which fill the file. Its header has
// the magic "SSNP" and says what the header of the segment behind it must be, and then:
// 44 u64 length of the file  52 u32 checksum of its last frame  56 zeros  60 u32 CRC-32C of bytes 0..59
struct SnapshotHeader {
  SegmentHeader next;
  std::uint64_t length = 0;
  std::uint32_t last_checksum = 0;
};

struct FrameHeader {
  std::uint32_t checksum = 0;
  std::uint32_t length = 0;
  std::uint32_t previous_checksum = 0;
  std::uint64_t sequence = 0;
  std::uint64_t synced = 0;
};

std::uint32_t crc32c(std::string_view bytes);

std::string encode_segment_header(const SegmentHeader& header);
Result<SegmentHeader> decode_segment_header(std::string_view bytes);
std::string encode_snapshot_header(const SnapshotHeader& header);
Result<SnapshotHeader> decode_snapshot_header(std::string_view bytes);

constexpr std::size_t frame_size(std::size_t payload) {
  return (kFrameHeaderSize + payload + kFrameAlignment - 1) / kFrameAlignment * kFrameAlignment;
}

// Both set header.checksum and header.length.
void append_frame(FrameHeader& header, std::string_view payload, std::string& out);
void make_frame(FrameHeader& header, std::string& payload);  // of the payload, in its place

// The frame at the front of `bytes` when one is there whole with zeros behind it and its checksum is right;
// says nothing of its place in the chain.
std::optional<FrameHeader> decode_frame(std::string_view bytes);
// Of the frame at the front of `bytes`, which need not be there whole; zero when there is none.
std::uint64_t claimed_frame_size(std::string_view bytes);
inline std::string_view payload_of(const FrameHeader& header, std::string_view frame) {
  return frame.substr(kFrameHeaderSize, header.length);
}

}  // namespace sisyphus::queue
