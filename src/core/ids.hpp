#pragma once

#include <boost/uuid/uuid.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus {

// A job's or worker's UUIDv4 (RFC 9562). Sixteen bytes, compared and hashed as such.
using Uuid = boost::uuids::uuid;
using JobId = Uuid;

Uuid make_uuid();                                       // random, from the operating system's entropy
std::optional<Uuid> parse_uuid(std::string_view text);  // the 36-character form only, either case
std::string to_string(const Uuid& id);                  // lower case
constexpr std::size_t kUuidLength = 36;
void write_uuid(const Uuid& id, char* out);  // the same: kUuidLength characters, without an end

// Fencing token of a grant: (server start, counter). It only grows and is never issued twice (semantics I2).
struct LeaseToken {
  std::uint32_t epoch = 0;  // counts the server's starts on this journal; 0 is "no token"
  std::uint64_t counter = 0;

  auto operator<=>(const LeaseToken&) const = default;
  explicit operator bool() const { return epoch != 0; }
};

std::string to_string(const LeaseToken& token);  // "7-1234"
std::optional<LeaseToken> parse_lease_token(std::string_view text);

}  // namespace sisyphus
