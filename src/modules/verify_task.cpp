#include "modules/verify_task.hpp"

#include "modules/paths.hpp"

#include <boost/json/array.hpp>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? "" : std::string(value->as_string());
}

std::optional<double> number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? std::nullopt : std::optional(value->to_number<double>());
}

std::optional<double> tolerance(const json::object& data) {
  static constexpr double kDefault = 1;
  const json::value* duration = data.if_contains("duration");
  if (duration != nullptr && duration->is_bool() && !duration->get_bool()) return std::nullopt;
  if (duration == nullptr || duration->is_bool()) return kDefault;
  return number_of(duration->as_object(), "tolerance_s").value_or(kDefault);
}

VerifyTask::Streams read_streams(const json::object& item) {
  VerifyTask::Streams streams;
  streams.type = text_of(item, "type");
  streams.codec = text_of(item, "codec");
  streams.language = text_of(item, "language");
  if (const json::value* count = item.if_contains("count")) streams.count = count->to_number<std::int64_t>();
  return streams;
}

}  // namespace

VerifyTask read_verify_task(const json::object& data, const std::string& working_directory) {
  VerifyTask task;
  task.file = absolute_path(text_of(data, "file"), working_directory);
  if (data.contains("source")) task.source = absolute_path(text_of(data, "source"), working_directory);
  for (const std::string_view key : {"ss", "to", "t"}) {
    if (const json::value* value = data.if_contains(key)) task.cut[key] = *value;
  }
  task.tolerance_s = tolerance(data);
  if (const json::value* streams = data.if_contains("streams")) {
    for (const json::value& item : streams->as_array())
      task.streams.push_back(read_streams(item.as_object()));
  }
  task.smaller_than = number_of(data, "smaller_than");
  if (const json::value* full = data.if_contains("full")) task.full = full->as_bool();
  for (const char* name : {"ssim", "psnr", "vmaf"}) {
    if (const auto least = number_of(data, name)) task.floors.push_back({name, *least});
  }
  return task;
}

}  // namespace sisyphus::modules
