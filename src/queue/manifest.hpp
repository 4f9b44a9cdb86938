#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sisyphus::queue {

// What a journal's folder says of itself in manifest.json.
struct Manifest {
  Uuid store_id{};
  std::uint64_t first_segment = 1;
};

// One line of JSON that ends with a checksum of what stands before it.
std::string encode_manifest(const Manifest& manifest);
// Fails on anything that encode_manifest() did not write, be it one bit.
Result<Manifest> decode_manifest(std::string_view text);

}  // namespace sisyphus::queue
