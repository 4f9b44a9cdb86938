#pragma once

#include "core/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

// Ids as arguments of format strings and log lines, without a string of their own.
template <>
struct fmt::formatter<sisyphus::Uuid> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const sisyphus::Uuid& id, Context& context) const {
    std::array<char, sisyphus::kUuidLength> text;  // NOLINT: written by the next line
    sisyphus::write_uuid(id, text.data());
    return fmt::formatter<fmt::string_view>::format({text.data(), text.size()}, context);
  }
};
