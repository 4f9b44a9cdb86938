#pragma once

#include <span>
#include <string_view>

// Files that are part of the binary (cmake/embed.cmake writes the bodies). The texts live as long as the
// program.
namespace sisyphus::embedded {

struct Text {
  std::string_view name;  // base name of the file it was made from
  std::string_view text;
};

std::span<const Text> schemas();  // config/schemas/*.json

}  // namespace sisyphus::embedded
