#include "modules/mkvextract_task.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || value->is_null() ? std::string{} : std::string(value->as_string());
}

}  // namespace

MkvextractTask read_mkvextract_task(const json::object& data) {
  MkvextractTask task;
  for (const auto& [name, value] : data) {
    const std::string key(name);
    if (key == "source") {
      task.source = text_at(data, key);
      continue;
    }
    MkvextractTask::Mode mode{key, {}};
    if (value.is_string()) {
      mode.items.push_back({"/" + key, std::nullopt, {}, {}, text_at(data, key)});
    } else {
      const json::array& list = value.as_array();
      for (std::size_t i = 0; i < list.size(); ++i) {
        const json::object& item = list[i].as_object();
        mode.items.push_back({fmt::format("/{}/{}/filename", key, i), item.at("id").as_int64(),
                              text_at(item, "track_type"), text_at(item, "language"),
                              text_at(item, "filename")});
      }
    }
    task.modes.push_back(std::move(mode));
  }
  return task;
}

std::string mode_word(const std::string& key) {
  return key == "timestamps" ? "timestamps_v2" : key;
}

}  // namespace sisyphus::modules
