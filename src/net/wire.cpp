#include "net/wire.hpp"

#include "core/parse_json.hpp"
#include "net/json_text.hpp"

#include <boost/json.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

void add_text(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void add_time(json::object& object, const char* name, const std::optional<WallTime>& time) {
  if (time) object[name] = rfc3339(*time);
}

void append_lease(std::string& text, LeaseToken token, Millis expires_in) {
  fmt::format_to(std::back_inserter(text), FMT_COMPILE(R"({{"token":"{}-{}","expires_s":{}}})"), token.epoch,
                 token.counter, static_cast<double>(expires_in.count()) / 1000);
}

// What changes in a job's life; what the document itself says is left out.
std::string life_json(const JobView& view) {
  json::object members{{"state", to_string(view.state)}, {"attempt", view.attempt}};
  add_text(members, "worker_id", view.worker_id);
  add_text(members, "hostname", view.hostname);
  add_time(members, "started_at", view.started_at);
  add_time(members, "finished_at", view.finished_at);
  add_text(members, "message", view.message);
  add_text(members, "waiting_for", view.waiting_for);
  if (view.unconfirmed) members["unconfirmed"] = true;
  std::string text = json::serialize(members);
  if (!view.progress.empty()) add_members(text, "{" + view.progress + "}");
  return text;
}

void add_attempts(std::string& text, const std::vector<Attempt>& attempts) {
  if (attempts.empty()) return;
  json::array list;
  for (const Attempt& attempt : attempts) {
    json::object members{{"attempt", attempt.number}, {"outcome", to_string(attempt.end)}};
    add_text(members, "worker_id", attempt.worker_id);
    add_text(members, "reason", attempt.reason);
    add_time(members, "started_at", attempt.started_at);
    add_time(members, "ended_at", attempt.ended_at);
    list.push_back(std::move(members));
  }
  add_member(text, "attempts", json::serialize(list));
}

// The document begins with job_id and added (core/job_document.hpp), each a plain string.
std::string added_of(const JobView& view) {
  static constexpr std::string_view kKey = R"("added":")";
  const std::size_t at = view.document.find(kKey);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kKey.size();
  return view.document.substr(begin, view.document.find('"', begin) - begin);
}

}  // namespace

std::string state_event_json(const JobView& view) {
  json::object facts{{"job_id", to_string(view.id)}, {"job_title", view.title}};
  add_text(facts, "added", added_of(view));
  facts["priority"] = view.priority;
  facts["max_attempts"] = view.max_attempts;
  facts["modules"] = json::value_from(view.modules);
  std::string text = json::serialize(facts);
  add_members(text, life_json(view));
  return text;
}

std::string status_json(const JobView& view) {
  std::string text = state_event_json(view);
  add_attempts(text, view.attempts);
  if (!view.info.empty()) add_member(text, "info", view.info);
  return text;
}

std::string log_tail(const JobView& view) {
  const auto info = parse_json(view.info);
  const json::value* const tail =
      info && info->is_object() ? info->get_object().if_contains("log_tail") : nullptr;
  return tail && tail->is_string() ? std::string(tail->get_string()) : std::string();
}

std::string job_json(const JobView& view) {
  std::string text = view.document;
  const json::value document = json::parse(view.document);
  json::object facts;
  if (!document.as_object().contains("priority")) facts["priority"] = view.priority;
  if (!document.as_object().contains("max_attempts")) facts["max_attempts"] = view.max_attempts;
  facts["modules"] = json::value_from(view.modules);
  add_members(text, json::serialize(facts));
  add_members(text, life_json(view));
  add_attempts(text, view.attempts);
  if (!view.info.empty()) add_member(text, "info", view.info);
  return text;
}

std::string lease_json(LeaseToken token, Millis expires_in) {
  std::string text;
  append_lease(text, token, expires_in);
  return text;
}

// Each the document with two members more in front.
std::string grants_json(const std::vector<Grant>& grants) {
  std::size_t size = 16;
  for (const Grant& grant : grants) size += grant.document.size() + 96;
  std::string text;
  text.reserve(size);
  text += R"({"jobs":[)";
  for (const Grant& grant : grants) {
    if (&grant != &grants.front()) text += ',';
    text += R"({"lease":)";
    append_lease(text, grant.token, grant.expires_in);
    text.append(R"(,"attempt":)").append(fmt::format_int(grant.attempt).c_str());
    text.append(1, ',').append(grant.document.view().substr(1));
  }
  text += "]}";
  return text;
}

std::string attributes_json(bool disabled) {
  return fmt::format(R"({{"disabled":{}}})", disabled);
}

std::string worker_json(const WorkerView& view) {
  std::string text = view.body;
  add_member(text, "worker_id", json::serialize(json::string(view.worker_id)));
  add_member(text, "attributes", attributes_json(view.disabled));
  return text;
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::renewed:
      return "renewed";
    case Verdict::adopted:
      return "adopted";
    case Verdict::cancel:
      return "cancel";
    case Verdict::stop:
      return "stop";
  }
  return "stop";
}

std::string sse_event(std::string_view id, std::string_view type, std::string_view data) {
  if (id.empty()) return fmt::format("event: {}\ndata: {}\n\n", type, data);
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, type, data);
}

}  // namespace sisyphus::net
