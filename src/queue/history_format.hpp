#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The bytes of the history's files. All integers are little-endian. docs/journal.md tells the whole story.
//
// A segment is a header and entries. Nothing in it says where an entry begins: that is the journal's
// business. An entry names its job, so that no reference that went wrong shows the text of another one:
//   0 u32 checksum (CRC-32C of what follows it)  4 u32 length of the message  8 u32 length of the info
//   12 id of the job (16 bytes)  28 message  then info
// The two are kept as they came: a message is any text, an info JSON that nobody here has to read.
namespace sisyphus::queue {

constexpr std::uint32_t kHistoryMagic = 0x53485353;  // "SSHS"
constexpr std::uint32_t kHistoryVersion = 1;
constexpr std::size_t kHistoryHeaderSize = 24;
constexpr std::size_t kHistoryEntryHeaderSize = 28;

// 0 magic  4 version  8 u64 number  16 zeros  20 u32 CRC-32C of bytes 0..19
std::string encode_history_header(std::uint64_t number);
bool is_history_header(std::string_view bytes, std::uint64_t number);

// What a job said when it ended.
struct HistoryText {
  std::string message;
  std::string info;  // JSON, empty where there is none

  bool operator==(const HistoryText&) const = default;
};

constexpr std::size_t history_entry_size(std::string_view message, std::string_view info) {
  return kHistoryEntryHeaderSize + message.size() + info.size();
}
void encode_history_entry(const JobId& job, std::string_view message, std::string_view info,
                          std::string& out);
// Fails on anything that encode_history_entry() did not write for this job.
std::optional<HistoryText> decode_history_entry(std::string_view bytes, const JobId& job);

}  // namespace sisyphus::queue
