#pragma once

#include "core/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

// Ids as arguments of format strings and log lines, without a string of their own.
template <>
struct fmt::formatter<sisyphus::Uuid> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const sisyphus::Uuid& id, Context& context) const {
    std::array<char, sisyphus::kUuidLength> text;  // NOLINT: written by the next line
    sisyphus::write_uuid(id, text.data());
    return std::copy(text.begin(), text.end(), context.out());
  }
};
