#include "modules/exec_progress.hpp"

#include "core/parse_json.hpp"
#include "core/utf8.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

// The members of a Progress that `object` has, without those that cannot be meant.
json::object told_by(const json::object& object) {
  static constexpr std::size_t kLongestPhase = 200;  // bytes
  static constexpr double kMost = 1e15;
  json::object sensible;
  for (const auto& [name, member] : object) {
    const double number = member.is_number() ? member.to_number<double>() : 0;
    if (number >= 0 && number <= kMost) sensible[name] = member;
  }
  Progress progress = progress_from_json(sensible);
  if (progress.percent) progress.percent = std::min(*progress.percent, 100.0);
  if (progress.phase.size() > kLongestPhase)
    progress.phase = to_valid_utf8(std::string_view(progress.phase).substr(0, kLongestPhase));
  return to_json(progress);
}

}  // namespace

void ExecProgressReader::keep(std::string_view text) {
  said_.append(text);
  said_.append("\n");
}

std::optional<Progress> ExecProgressReader::line(std::string_view text) {
  // What does not even begin like an object is not worth parsing: a program may say much.
  const auto value = text.starts_with('{') ? parse_json(text) : Result<json::value>(invalid({}));
  if (!value) {
    keep(text);
    return std::nullopt;
  }
  const json::object& object = value->get_object();
  if (const json::value* const result = object.if_contains("result"); result && result->is_object()) {
    results_ = result->get_object();
    return std::nullopt;
  }
  const json::value* const message = object.if_contains("message");
  const bool speaks = message != nullptr && message->is_string();
  if (speaks) keep(message->get_string());
  const json::object told = told_by(object);
  if (told.empty()) {
    if (!speaks) keep(text);  // an object of another kind
    return std::nullopt;
  }
  json::object all = to_json(progress_);
  for (const auto& [name, member] : told) all[name] = member;
  progress_ = progress_from_json(all);
  return progress_;
}

Remarks ExecProgressReader::remarks() const {
  Remarks remarks;
  remarks.results = results_;
  std::string text = said_.text();
  while (text.ends_with('\n')) text.pop_back();
  if (!text.empty()) remarks.errors.push_back(std::move(text));
  return remarks;
}

}  // namespace sisyphus::modules
