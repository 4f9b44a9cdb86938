#include "net/job_status.hpp"

#include <fmt/format.h>

#include <utility>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, json::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

template <class Number>
Number number(const json::object& object, json::string_view name, Number otherwise) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_number()) return otherwise;
  json::error_code failed;
  const auto value = member->to_number<Number>(failed);
  return failed ? otherwise : value;
}

std::optional<double> optional_number(const json::object& object, json::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_number() ? std::optional(member->to_number<double>()) : std::nullopt;
}

std::vector<std::string> texts(const json::object& object, json::string_view name) {
  std::vector<std::string> result;
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_array()) return result;
  for (const json::value& element : member->get_array()) {
    if (element.is_string()) result.emplace_back(element.get_string());
  }
  return result;
}

std::vector<json::object> objects(const json::object& object, json::string_view name) {
  std::vector<json::object> result;
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_array()) return result;
  for (const json::value& element : member->get_array()) {
    if (element.is_object()) result.push_back(element.get_object());
  }
  return result;
}

const json::object* object_in(const json::object& object, json::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr ? member->if_object() : nullptr;
}

std::vector<AttemptStatus> attempts_in(const json::object& object) {
  std::vector<AttemptStatus> result;
  const json::value* member = object.if_contains("attempts");
  if (member == nullptr || !member->is_array()) return result;
  for (const json::value& element : member->get_array()) {
    const json::object* const attempt = element.if_object();
    if (attempt == nullptr) continue;
    result.push_back({number(*attempt, "attempt", 0), text(*attempt, "outcome"), text(*attempt, "worker_id"),
                      text(*attempt, "reason"), text(*attempt, "started_at")});
  }
  return result;
}

}  // namespace

Result<JobStatus> read_job_status(json::object object) {
  JobStatus status;
  status.id = text(object, "job_id");
  if (status.id.empty()) return Error{Errc::network, "the server told of a job without job_id", {}};
  if (const std::string state = text(object, "state"); !state.empty()) {
    const std::optional<JobState> known = parse_job_state(state);
    if (!known)
      return Error{Errc::network, fmt::format("the server told of the unknown state \"{}\"", state), {}};
    status.state = *known;
  }
  status.title = text(object, "job_title");
  status.added = text(object, "added");
  status.started_at = text(object, "started_at");
  status.finished_at = text(object, "finished_at");
  status.priority = number(object, "priority", 0);
  status.attempt = number(object, "attempt", 0);
  status.max_attempts = number(object, "max_attempts", 0);
  status.modules = texts(object, "modules");
  status.hostname = text(object, "hostname");
  status.message = text(object, "message");
  status.waiting_for = text(object, "waiting_for");
  status.attempts = attempts_in(object);
  read_job_progress(object, status);
  if (const json::object* info = object_in(object, "info")) {
    status.outputs = texts(*info, "outputs");
    status.results = objects(*info, "results");
    if (status.message.empty()) status.message = text(*info, "message");
  }
  if (status.message == to_string(status.state)) status.message.clear();  // "cancelled: cancelled"
  status.raw = std::move(object);
  return status;
}

void read_job_progress(const json::object& event, JobStatus& status) {
  status.task = text(event, "task");
  status.task_index = number<std::size_t>(event, "task_index", 0);
  status.task_count = number<std::size_t>(event, "task_count", 0);
  const json::object* progress = object_in(event, "progress");
  status.progress = progress != nullptr ? progress_from_json(*progress) : Progress{};
  status.job_percent = optional_number(event, "job_percent");
  status.job_eta_s = optional_number(event, "job_eta_s");
}

}  // namespace sisyphus::net
