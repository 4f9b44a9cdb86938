#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::modules {

// The names of the filters in a filtergraph ("[0:v] scale@small=640:-2, 'fps'=25 [out]": scale, fps), with
// the quotes and escapes that ffmpeg takes. Of a graph that ffmpeg would not understand: those before the
// place where it stops.
std::vector<std::string> filter_names(std::string_view graph);

}  // namespace sisyphus::modules
