#include "core/job_requirements.hpp"

#include "core/json_pointer.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sisyphus {
namespace {

namespace json = boost::json;

// A value as it stands in the document, unless it is long.
std::string shown(const json::value& value) {
  static constexpr std::size_t kLongest = 60;
  std::string text = json::serialize(value);
  if (text.size() <= kLongest) return text;
  return value.is_string() ? "a long string" : value.is_array() ? "a long array" : "an object";
}

Result<void> read_labels(const json::value& value, const std::string& pointer, Requirements& needs) {
  static constexpr const char* kWanted = "labels must be an array of strings, such as [\"nvenc\"], found {}";
  if (!value.is_array()) return invalid(fmt::format(kWanted, shown(value)), pointer);
  const json::array& labels = value.get_array();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].is_string()) {
      return invalid(fmt::format("a label must be a string, found {}", shown(labels[i])),
                     fmt::format("{}/{}", pointer, i));
    }
    needs.labels.emplace_back(labels[i].get_string());
  }
  return {};
}

Result<void> read_resources(const json::value& value, const std::string& pointer, Requirements& needs) {
  if (!value.is_object()) {
    return invalid(fmt::format("resources must be an object of names and amounts, such as {{\"gpu\": 1}}, "
                               "found {}",
                               shown(value)),
                   pointer);
  }
  for (const auto& [name, amount] : value.get_object()) {
    const double number = amount.is_number() ? amount.to_number<double>() : 0;
    if (number <= 0) {
      return invalid(
          fmt::format("the amount of a resource must be a number above 0, found {}", shown(amount)),
          pointer + "/" + pointer_token(name));
    }
    needs.resources[std::string(name)] = number;
  }
  return {};
}

}  // namespace

Result<void> read_requirements(const json::object& wanted, const std::string& pointer, Requirements& needs) {
  for (const auto& [key, value] : wanted) {
    const std::string here = pointer + "/" + pointer_token(key);
    Result<void> read;
    if (key == "labels") {
      read = read_labels(value, here, needs);
    } else if (key == "resources") {
      read = read_resources(value, here, needs);
    } else {
      read = invalid(fmt::format("unknown key \"{}\" in requires, which has labels and resources",
                                 std::string_view(key)),
                     here);
    }
    if (!read) return read;
  }
  std::sort(needs.labels.begin(), needs.labels.end());
  needs.labels.erase(std::unique(needs.labels.begin(), needs.labels.end()), needs.labels.end());
  return {};
}

}  // namespace sisyphus
