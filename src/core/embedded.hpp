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

// config/schemas: NAME.schema.json of each module, and of other documents, whose names hold a dot.
std::span<const Text> schemas();

}  // namespace sisyphus::embedded
