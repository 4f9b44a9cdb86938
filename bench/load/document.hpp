#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::bench {

// A job document of `size` bytes (at least 200) that bears `number` in its title.
std::string job_document(std::uint64_t number, std::size_t size);

// The number in a document, wherever in `text` it stands.
std::optional<std::uint64_t> number_in(std::string_view text);

}  // namespace sisyphus::bench
