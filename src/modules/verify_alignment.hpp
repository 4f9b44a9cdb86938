#pragma once

#include "modules/media_info.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <vector>

namespace sisyphus::modules {

// One way of laying the source's film under the file's, whose first picture stands at zero. A picture of the
// file meets the last one of the source that is not later.
struct Alignment {
  bool from_first;        // count the source's times from its first picture; else as ffmpeg reads them
  std::int64_t shift_us;  // added to them
};

// All that are worth trying, the right one among them, of a source that is read with the options in `cut`.
std::vector<Alignment> alignments(const boost::json::object& cut, const MediaInfo& file,
                                  const MediaInfo& source);

}  // namespace sisyphus::modules
