#include "core/ids.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sisyphus {

Uuid make_uuid() {
  // Seeded once from the system: one system call an id would cost more than the rest of a submit.
  thread_local boost::uuids::random_generator_mt19937 generator;
  return generator();
}

// RFC 4122, section 3. Boost's generator takes braces and missing dashes too, and ten times as long.
std::optional<Uuid> parse_uuid(std::string_view text) {
  static constexpr std::array<std::size_t, 4> kDashes{8, 13, 18, 23};
  if (text.size() != 36) return std::nullopt;
  std::array<char, 32> digits;  // NOLINT: filled below
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = std::find(kDashes.begin(), kDashes.end(), at) != kDashes.end();
    if (dash != (text[at] == '-')) return std::nullopt;
    if (!dash) digits[count++] = text[at];
  }
  Uuid id;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char* const end = digits.data() + 2 * i + 2;
    const auto [stop, error] = std::from_chars(end - 2, end, id.data[i], 16);
    if (error != std::errc() || stop != end) return std::nullopt;
  }
  return id;
}

std::string to_string(const Uuid& id) {
  return boost::uuids::to_string(id);
}

std::string to_string(const LeaseToken& token) {
  return fmt::format("{}-{}", token.epoch, token.counter);
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
