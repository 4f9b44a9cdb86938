#include "core/ids.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace sisyphus {

Uuid make_uuid() {
  // Seeded once from the system: one system call an id would cost more than the rest of a submit.
  thread_local boost::uuids::random_generator_mt19937 generator;
  return generator();
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;  // the library also takes braces and missing dashes
  try {
    return boost::uuids::string_generator()(text.begin(), text.end());
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
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
