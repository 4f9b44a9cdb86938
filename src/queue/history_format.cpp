#include "queue/history_format.hpp"

#include "queue/bytes_at.hpp"
#include "queue/journal_format.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>

namespace sisyphus::queue {
namespace {

using boost::endian::load_little_u32;
using boost::endian::store_little_u32;
using boost::endian::store_little_u64;

constexpr std::size_t kJobId = 12;  // offset in an entry

}  // namespace

std::string encode_history_header(std::uint64_t number) {
  std::string bytes(kHistoryHeaderSize, '\0');
  store_little_u32(bytes_at(bytes, 0), kHistoryMagic);
  store_little_u32(bytes_at(bytes, 4), kHistoryVersion);
  store_little_u64(bytes_at(bytes, 8), number);
  store_little_u32(bytes_at(bytes, 20), crc32c(std::string_view(bytes).substr(0, 20)));
  return bytes;
}

bool is_history_header(std::string_view bytes, std::uint64_t number) {
  return bytes == encode_history_header(number);
}

void encode_history_entry(const JobId& job, std::string_view message, std::string_view info,
                          std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + kHistoryEntryHeaderSize);
  store_little_u32(bytes_at(out, begin + 4), static_cast<std::uint32_t>(message.size()));
  store_little_u32(bytes_at(out, begin + 8), static_cast<std::uint32_t>(info.size()));
  std::copy(job.begin(), job.end(), bytes_at(out, begin + kJobId));
  out.append(message).append(info);
  store_little_u32(bytes_at(out, begin), crc32c(std::string_view(out).substr(begin + 4)));
}

std::optional<HistoryText> decode_history_entry(std::string_view bytes, const JobId& job) {
  if (bytes.size() < kHistoryEntryHeaderSize) return std::nullopt;
  const std::uint64_t message = load_little_u32(bytes_at(bytes, 4));
  const std::uint64_t info = load_little_u32(bytes_at(bytes, 8));
  if (kHistoryEntryHeaderSize + message + info != bytes.size()) return std::nullopt;
  if (load_little_u32(bytes_at(bytes, 0)) != crc32c(bytes.substr(4))) return std::nullopt;
  if (!std::equal(job.begin(), job.end(), bytes_at(bytes, kJobId))) return std::nullopt;
  return HistoryText{std::string(bytes.substr(kHistoryEntryHeaderSize, message)),
                     std::string(bytes.substr(kHistoryEntryHeaderSize + message))};
}

}  // namespace sisyphus::queue
