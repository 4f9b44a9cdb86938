#include "queue/journal_format.hpp"

#include "queue/bytes_at.hpp"

#include <boost/endian/conversion.hpp>
#include <fmt/format.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace sisyphus::queue {
namespace {

using boost::endian::load_little_u32;
using boost::endian::load_little_u64;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

std::string header_bytes(std::uint32_t magic, const SegmentHeader& header) {
  std::string bytes(kSegmentHeaderSize, '\0');
  store_little_u32(bytes_at(bytes, 0), magic);
  store_little_u32(bytes_at(bytes, 4), kFormatVersion);
  std::copy(header.store_id.begin(), header.store_id.end(), bytes_at(bytes, 8));
  store_little_u64(bytes_at(bytes, 24), header.number);
  store_little_u64(bytes_at(bytes, 32), header.first_sequence);
  store_little_u32(bytes_at(bytes, 40), header.previous_checksum);
  return bytes;
}

std::string sealed(std::string header) {
  store_little_u32(bytes_at(header, 60), crc32c(std::string_view(header).substr(0, 60)));
  return header;
}

Result<void> check_header(std::string_view bytes, std::uint32_t magic, const char* kind) {
  if (bytes.size() < kSegmentHeaderSize) return invalid(fmt::format("the {} header is cut", kind));
  if (load_little_u32(bytes_at(bytes, 0)) != magic)
    return invalid(fmt::format("this is not a journal {}", kind));
  if (const auto version = load_little_u32(bytes_at(bytes, 4)); version != kFormatVersion) {
    return invalid(
        fmt::format("journal format {} is not known here (this version reads {})", version, kFormatVersion));
  }
  if (load_little_u32(bytes_at(bytes, 60)) != crc32c(bytes.substr(0, 60)))
    return invalid(fmt::format("the {} header is damaged", kind));
  return {};
}

SegmentHeader header_of(std::string_view bytes) {
  SegmentHeader header;
  std::copy_n(bytes_at(bytes, 8), header.store_id.size(), header.store_id.begin());
  header.number = load_little_u64(bytes_at(bytes, 24));
  header.first_sequence = load_little_u64(bytes_at(bytes, 32));
  header.previous_checksum = load_little_u32(bytes_at(bytes, 40));
  return header;
}

// The frame that begins there, of which the payload stands behind room for the header.
void fill_in(FrameHeader& header, std::size_t begin, std::string& out) {
  const std::size_t payload = out.size() - begin - kFrameHeaderSize;
  header.length = static_cast<std::uint32_t>(payload);
  store_little_u32(bytes_at(out, begin), kFrameMagic);
  store_little_u32(bytes_at(out, begin + 8), header.length);
  store_little_u32(bytes_at(out, begin + 12), header.previous_checksum);
  store_little_u64(bytes_at(out, begin + 16), header.sequence);
  store_little_u64(bytes_at(out, begin + 24), header.synced);
  header.checksum = crc32c(std::string_view(out).substr(begin + 8));
  store_little_u32(bytes_at(out, begin + 4), header.checksum);
  out.resize(begin + frame_size(payload), '\0');
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  // ISA-L's crc32_iscsi is CRC-32C without the inversions at both ends. It takes an int and does not write.
  std::uint32_t crc = ~0U;
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
    crc = crc32_iscsi(const_cast<unsigned char*>(bytes_at(bytes, 0)), static_cast<int>(piece), crc);
    bytes.remove_prefix(piece);
  }
  return ~crc;
}

std::string encode_segment_header(const SegmentHeader& header) {
  return sealed(header_bytes(kSegmentMagic, header));
}

Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (auto right = check_header(bytes, kSegmentMagic, "segment"); !right) return right.error();
  return header_of(bytes);
}

std::string encode_snapshot_header(const SnapshotHeader& header) {
  std::string bytes = header_bytes(kSnapshotMagic, header.next);
  store_little_u64(bytes_at(bytes, 44), header.length);
  store_little_u32(bytes_at(bytes, 52), header.last_checksum);
  return sealed(std::move(bytes));
}

Result<SnapshotHeader> decode_snapshot_header(std::string_view bytes) {
  if (auto right = check_header(bytes, kSnapshotMagic, "snapshot"); !right) return right.error();
  return SnapshotHeader{header_of(bytes), load_little_u64(bytes_at(bytes, 44)),
                        load_little_u32(bytes_at(bytes, 52))};
}

std::uint64_t claimed_frame_size(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderSize || load_little_u32(bytes_at(bytes, 0)) != kFrameMagic) return 0;
  return frame_size(load_little_u32(bytes_at(bytes, 8)));
}

void append_frame(FrameHeader& header, std::string_view payload, std::string& out) {
  const std::size_t begin = out.size();
  out.append(kFrameHeaderSize, '\0').append(payload);
  fill_in(header, begin, out);
}

void make_frame(FrameHeader& header, std::string& payload) {
  payload.insert(0, kFrameHeaderSize, '\0');
  fill_in(header, 0, payload);
}

std::optional<FrameHeader> decode_frame(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderSize || load_little_u32(bytes_at(bytes, 0)) != kFrameMagic)
    return std::nullopt;
  FrameHeader header;
  header.checksum = load_little_u32(bytes_at(bytes, 4));
  header.length = load_little_u32(bytes_at(bytes, 8));
  header.previous_checksum = load_little_u32(bytes_at(bytes, 12));
  header.sequence = load_little_u64(bytes_at(bytes, 16));
  header.synced = load_little_u64(bytes_at(bytes, 24));
  if (header.length > bytes.size() - kFrameHeaderSize) return std::nullopt;
  if (crc32c(bytes.substr(8, kFrameHeaderSize - 8 + header.length)) != header.checksum) return std::nullopt;
  const std::size_t end = kFrameHeaderSize + header.length;
  const std::string_view padding = bytes.substr(end, frame_size(header.length) - end);
  if (padding.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  return header;
}

}  // namespace sisyphus::queue
