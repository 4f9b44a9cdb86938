#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The data of a mkvextract task, read. Paths as given.
struct MkvextractTask {
  // One file that is written.
  struct Item {
    std::string pointer;             // of the member that holds the file's name
    std::optional<std::int64_t> id;  // none for chapters and tags
    std::string track_type;          // of tracks; empty: any
    std::string language;            // of tracks; empty: any
    std::string filename;
  };
  struct Mode {
    std::string key;  // tracks, attachments, chapters, tags, timestamps, cues
    std::vector<Item> items;
  };
  std::string source;
  std::vector<Mode> modes;  // in the order given
};

// `data` must pass the schema.
MkvextractTask read_mkvextract_task(const boost::json::object& data);

// mkvextract's word for a mode.
std::string mode_word(const std::string& key);

}  // namespace sisyphus::modules
