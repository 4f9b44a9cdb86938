#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"
#include "queue/file_system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::queue {

// What a journal's folder says of itself in manifest.json.
struct Manifest {
  Uuid store_id{};
  std::uint64_t first_segment = 1;  // where reading begins; what came before 2 and later is in a snapshot
};

// One line of JSON that ends with a checksum of what stands before it.
std::string encode_manifest(const Manifest& manifest);
// Fails on anything that encode_manifest() did not write, be it one bit. Errc::conflict: another version's.
Result<Manifest> decode_manifest(std::string_view text);

std::string manifest_path(const std::string& directory);
// Empty for a folder that has no journal yet; an error that names the file when it is damaged, or missing
// where there are segments.
Result<std::optional<Manifest>> read_manifest(FileSystem& files, const std::string& directory);
Result<void> write_manifest(FileSystem& files, const std::string& directory, const Manifest& manifest);

}  // namespace sisyphus::queue
