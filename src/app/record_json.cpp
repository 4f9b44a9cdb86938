#include "app/record_json.hpp"

#include "core/rfc3339.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

std::string time_text(std::int64_t at) {
  return rfc3339(WallTime(Millis(at)));
}

json::object attempt_json(const Attempt& attempt) {
  json::object object{{"number", attempt.number},
                      {"end", to_string(attempt.end)},
                      {"worker", attempt.worker_id},
                      {"reason", attempt.reason},
                      {"started_at", rfc3339(attempt.started_at)}};
  if (attempt.ended_at) object["ended_at"] = rfc3339(*attempt.ended_at);
  return object;
}

// Adds the members of each type of record to one object. What says nothing (an empty text, a time that is not
// set) is left out.
class Members {
 public:
  explicit Members(json::object& object) : object_(object) {}

  void operator()(const queue::Started& record) { object_["epoch"] = record.epoch; }
  void operator()(const queue::Submitted& record) {
    const JobFacts& facts = record.facts;
    object_["job"] = record.order;
    object_["job_id"] = to_string(record.id);
    object_["modules"] = json::value_from(facts.needs.modules);
    if (!facts.needs.labels.empty()) object_["labels"] = json::value_from(facts.needs.labels);
    if (!facts.needs.resources.empty()) object_["resources"] = json::value_from(facts.needs.resources);
    object_["priority"] = facts.priority;
    object_["max_attempts"] = facts.max_attempts;
    if (facts.not_before) object_["not_before"] = rfc3339(*facts.not_before);
    text("idempotency_key", facts.idempotency_key);
  }
  void operator()(const queue::Granted& record) {
    object_["job"] = record.order;
    object_["lease"] = to_string(record.token);
    object_["attempt"] = record.attempt;
    object_["anonymous"] = record.anonymous;
    time("at", record.at);
    text("worker", record.worker_id);
  }
  void operator()(const queue::Finished& record) {
    object_["job"] = record.order;
    object_["state"] = to_string(record.state);
    object_["unconfirmed"] = record.unconfirmed;
    object_["forget_lease"] = record.forget_token;
    time("at", record.at);
    text("message", record.message);
    entry(record.text);
  }
  void operator()(const queue::Requeued& record) {
    object_["job"] = record.order;
    object_["counted"] = record.counted;
    object_["held"] = record.held;
    object_["forget_lease"] = record.forget_token;
    time("at", record.at);
    time("not_before", record.not_before);
    text("reason", record.reason);
  }
  void operator()(const queue::Held& record) {
    object_["job"] = record.order;
    object_["held"] = record.held;
  }
  void operator()(const queue::Cleared& record) {
    object_["begin"] = record.begin;
    object_["end"] = record.end;
  }
  void operator()(const queue::QueueAttributes& record) { object_["disabled"] = record.disabled; }
  void operator()(const queue::WorkerAttributes& record) {
    object_["worker"] = record.worker_id;
    object_["disabled"] = record.disabled;
  }
  void operator()(const queue::DocumentStored& record) {
    object_["module"] = record.module;
    object_["name"] = record.name;
  }
  void operator()(const queue::DocumentErased& record) {
    object_["module"] = record.module;
    object_["name"] = record.name;
  }
  void operator()(const queue::Bound& record) {
    object_["job"] = record.order;
    object_["worker"] = record.worker_id;
  }
  void operator()(const queue::Kept& record) {
    object_["job"] = record.order;
    object_["state"] = to_string(record.state);
    object_["attempt"] = record.attempt;
    if (record.token) object_["lease"] = to_string(record.token);
    flag("anonymous", record.anonymous);
    flag("held", record.held);
    flag("irreversible", record.irreversible);
    flag("backing_off", record.backing_off);
    flag("given_up", record.given_up);
    flag("unconfirmed", record.unconfirmed);
    flag("lost", record.lost);
    time("not_before", record.not_before);
    time("started_at", record.started_at);
    time("ended_at", record.ended_at);
    text("worker", record.worker_id);
    text("message", record.message);
    entry(record.text);
    json::array avoid;
    for (const queue::Avoided& one : record.avoid) {
      avoid.push_back({{"worker_id", one.worker_id},
                       {"since", rfc3339(WallTime(Millis(one.since)))},
                       {"for_ms", one.span}});
    }
    if (!avoid.empty()) object_["avoid"] = std::move(avoid);
    json::array past;
    for (const Attempt& attempt : record.past) past.push_back(attempt_json(attempt));
    if (!past.empty()) object_["attempts"] = std::move(past);
  }
  void operator()(const queue::HistoryLost& record) {
    object_["segment"] = record.segment;
    object_["begin"] = record.begin;
    object_["end"] = record.end;
  }
  void operator()(const queue::Numbered& record) { object_["next_job"] = record.next_order; }
  void operator()(const queue::Forgotten&) {}
  void operator()(const queue::Prioritized& record) {
    object_["job"] = record.order;
    object_["priority"] = record.priority;
  }
  // Removed and what else only names its job.
  template <class Record>
  void operator()(const Record& record) {
    object_["job"] = record.order;
  }

 private:
  void text(std::string_view name, const std::string& value) {
    if (!value.empty()) object_[name] = value;
  }
  void time(std::string_view name, std::int64_t value) {
    if (value != 0) object_[name] = time_text(value);
  }
  void entry(const queue::HistoryPlace& place) {
    if (!place) return;
    object_["text"] =
        json::object{{"segment", place.segment}, {"offset", place.offset}, {"bytes", place.size}};
  }
  void flag(std::string_view name, bool value) {
    if (value) object_[name] = value;
  }

  json::object& object_;
};

const std::string* document_of(const queue::Record& record) {
  if (const auto* submitted = std::get_if<queue::Submitted>(&record)) return &submitted->document;
  if (const auto* stored = std::get_if<queue::DocumentStored>(&record)) return &stored->document;
  return nullptr;
}

// Beside where it stands; the info as the text that it is.
void add_text(json::object& object, const Result<queue::HistoryText>& text) {
  json::object& members = object["text"].as_object();
  if (!text) {
    members["error"] = text.error().detail;
    return;
  }
  members["message"] = text->message;
  if (!text->info.empty()) members["info"] = text->info;
}

}  // namespace

queue::HistoryPlace text_place(const queue::Record& record) {
  if (const auto* finished = std::get_if<queue::Finished>(&record)) return finished->text;
  if (const auto* kept = std::get_if<queue::Kept>(&record)) return kept->text;
  return {};
}

std::string record_line(const queue::Record& record, const queue::RecordPlace& place, bool documents,
                        const std::optional<Result<queue::HistoryText>>& text) {
  json::object object{{"file", place.path.substr(place.path.rfind('/') + 1)},
                      {"offset", place.offset},
                      {"batch", place.sequence},
                      {"type", queue::type_name(record)}};
  std::visit(Members(object), record);
  if (text) add_text(object, *text);
  const std::string* const document = document_of(record);
  if (document != nullptr && !documents) object["document_bytes"] = document->size();
  std::string line = json::serialize(object);
  if (document == nullptr || !documents) return line;
  // As it was sent; its line breaks stand between its members and mean nothing.
  std::string sent = *document;
  std::replace_if(
      sent.begin(), sent.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  line.pop_back();
  return line + ",\"document\":" + sent + "}";
}

}  // namespace sisyphus::app
