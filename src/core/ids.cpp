#include "core/ids.hpp"

#include <boost/uuid/random_generator.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace sisyphus {
namespace {

constexpr bool dash_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

// The value of each hexadecimal digit, -1 for what is none.
constexpr std::array<std::int8_t, 256> kDigits = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (int i = 0; i < 10; ++i) values[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    values[static_cast<std::size_t>('a' + i)] = values[static_cast<std::size_t>('A' + i)] =
        static_cast<std::int8_t>(10 + i);
  }
  return values;
}();

// The two digits of each byte.
constexpr std::array<std::array<char, 2>, 256> kHex = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  constexpr std::string_view kDigit = "0123456789abcdef";
  for (std::size_t i = 0; i < 256; ++i) pairs[i] = {kDigit[i >> 4], kDigit[i & 15]};
  return pairs;
}();

}  // namespace

Uuid make_uuid() {
  // Seeded once from the system: one system call an id would cost more than the rest of a submit.
  thread_local boost::uuids::random_generator_mt19937 generator;
  return generator();
}

// RFC 9562, section 4. Boost's generator takes braces and missing dashes too, and ten times as long.
std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != kUuidLength) return std::nullopt;
  Uuid id;
  const char* at = text.data();
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (dash_before(i) && *at++ != '-') return std::nullopt;
    const int high = kDigits[static_cast<unsigned char>(*at++)];
    const int low = kDigits[static_cast<unsigned char>(*at++)];
    if (high < 0 || low < 0) return std::nullopt;
    id.data[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

void write_uuid(const Uuid& id, char* out) {
  static constexpr std::array<std::uint8_t, 16> kPlaces{0,  2,  4,  6,  9,  11, 14, 16,
                                                        19, 21, 24, 26, 28, 30, 32, 34};
  for (std::size_t i = 0; i < id.size(); ++i) {
    char* const to = out + kPlaces[i];
    to[0] = kHex[id.data[i]][0];
    to[1] = kHex[id.data[i]][1];
  }
  out[8] = out[13] = out[18] = out[23] = '-';
}

std::string to_string(const Uuid& id) {
  std::string text(kUuidLength, '-');
  write_uuid(id, text.data());
  return text;
}

std::string to_string(const LeaseToken& token) {
  return fmt::format(FMT_COMPILE("{}-{}"), token.epoch, token.counter);
}

std::optional<LeaseToken> parse_lease_token(std::string_view text) {
  LeaseToken token;
  const char* const end = text.data() + text.size();
  auto [dash, first_error] = std::from_chars(text.data(), end, token.epoch);
  if (first_error != std::errc() || dash == end || *dash != '-') return std::nullopt;
  auto [last, second_error] = std::from_chars(dash + 1, end, token.counter);
  if (second_error != std::errc() || last != end || !token) return std::nullopt;
  return token;
}

}  // namespace sisyphus
