#include "net/api_client.hpp"

#include "core/ids.hpp"
#include "net/problem_reply.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kStreamSilence{45};  // three of the comments that the server sends every 15 s
constexpr int kFirstError = 400;
constexpr std::size_t kLargestPage = 1000;

std::string escaped(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

std::string job_target(std::string_view id, std::string_view rest = {}) {
  return fmt::format("/jobs/{}{}", escaped(id), rest);
}

std::string data_target(std::string_view module, std::string_view name) {
  return fmt::format("/data/{}/{}", escaped(module), escaped(name));
}

std::vector<std::string> texts(const json::object& object, json::string_view name) {
  std::vector<std::string> result;
  const json::value* member = object.if_contains(name);
  const json::array* array = member != nullptr ? member->if_array() : nullptr;
  if (array == nullptr) return result;
  for (const json::value& element : *array) {
    if (element.is_string()) result.emplace_back(element.get_string());
  }
  return result;
}

Result<void> without_body(const Result<std::string>& reply) {
  if (!reply) return reply.error();
  return {};
}

}  // namespace

const char* to_string(JobAction action) {
  switch (action) {
    case JobAction::cancel:
      return "cancel";
    case JobAction::pause:
      return "pause";
    case JobAction::resume:
      return "resume";
    case JobAction::retry:
      return "retry";
  }
  return "unknown";
}

ApiClient::ApiClient(HttpClient http, std::chrono::milliseconds deadline)
    : http_(std::move(http)), deadline_(deadline) {}

Error ApiClient::unexpected(const std::string& target) const {
  return {
      Errc::network, fmt::format("{}{} did not answer as a Sisyphus server does", base_url(), target), {}};
}

asio::awaitable<Result<std::string>> ApiClient::call(std::string method, std::string target,
                                                     std::string body) {
  Result<ClientResponse> response =
      co_await http_.request(std::move(method), std::move(target), std::move(body), deadline_);
  if (!response) co_return response.error();
  if (response->status >= kFirstError) co_return error_from_reply(response->status, response->body);
  co_return std::move(response->body);
}

asio::awaitable<Result<json::object>> ApiClient::call_for_object(std::string method, std::string target,
                                                                 std::string body) {
  const Result<std::string> reply = co_await call(std::move(method), target, std::move(body));
  if (!reply) co_return reply.error();
  json::error_code failed;
  json::value value = json::parse(*reply, failed);
  if (failed || !value.is_object()) co_return unexpected(target);
  co_return std::move(value.get_object());
}

asio::awaitable<Result<SubmitReply>> ApiClient::submit(std::string document) {
  const std::string target = "/queue";
  const Result<json::object> reply = co_await call_for_object("POST", target, std::move(document));
  if (!reply) co_return reply.error();
  SubmitReply result;
  result.warnings = texts(*reply, "warnings");
  result.ids = texts(*reply, "job_ids");
  if (const json::value* id = reply->if_contains("job_id"); id != nullptr && id->is_string()) {
    result.ids.emplace_back(id->get_string());
  }
  if (result.ids.empty()) co_return unexpected(target);
  co_return result;
}

asio::awaitable<Result<JobList>> ApiClient::jobs(JobQuery query) {
  std::string target = fmt::format("/jobs?limit={}", query.limit);
  if (query.state) target += fmt::format("&state={}", to_string(*query.state));
  if (!query.cursor.empty()) target += fmt::format("&cursor={}", escaped(query.cursor));
  Result<json::object> reply = co_await call_for_object("GET", target);
  if (!reply) co_return reply.error();
  json::value* list = reply->if_contains("jobs");
  if (list == nullptr || !list->is_array()) co_return unexpected(target);
  JobList result;
  for (json::value& element : list->get_array()) {
    if (!element.is_object()) co_return unexpected(target);
    Result<JobStatus> status = read_job_status(std::move(element.get_object()));
    if (!status) co_return status.error();
    result.jobs.push_back(std::move(*status));
  }
  if (const json::value* cursor = reply->if_contains("next_cursor");
      cursor != nullptr && cursor->is_string()) {
    result.next_cursor = std::string(cursor->get_string());
  }
  co_return result;
}

asio::awaitable<Result<std::vector<JobStatus>>> ApiClient::newest_jobs(std::optional<JobState> state,
                                                                       std::size_t limit) {
  JobQuery query;
  query.state = state;
  std::vector<JobStatus> found;
  while (found.size() < limit) {
    query.limit = std::min(kLargestPage, limit - found.size());
    Result<JobList> page = co_await jobs(query);
    if (!page) co_return page.error();
    std::move(page->jobs.begin(), page->jobs.end(), std::back_inserter(found));
    if (page->next_cursor.empty() || page->next_cursor == query.cursor) break;
    query.cursor = page->next_cursor;
  }
  co_return found;
}

asio::awaitable<Result<JobStatus>> ApiClient::job(std::string id) {
  Result<json::object> reply = co_await call_for_object("GET", job_target(id));
  if (!reply) co_return reply.error();
  co_return read_job_status(std::move(*reply));
}

asio::awaitable<Result<std::string>> ApiClient::find_job(std::string prefix) {
  for (char& c : prefix) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  if (parse_uuid(prefix)) co_return prefix;
  if (prefix.empty() || prefix.find_first_not_of("0123456789abcdef-") != std::string::npos) {
    co_return invalid(fmt::format("\"{}\" is not the beginning of a job's id", prefix));
  }
  std::string found;
  JobQuery query;
  query.limit = kLargestPage;
  while (true) {
    const Result<JobList> page = co_await jobs(query);
    if (!page) co_return page.error();
    for (const JobStatus& status : page->jobs) {
      if (!status.id.starts_with(prefix)) continue;
      if (!found.empty() && found != status.id) {
        co_return invalid(
            fmt::format("{} is the beginning of several ids: {} and {}", prefix, found, status.id));
      }
      found = status.id;
    }
    if (page->next_cursor.empty() || page->next_cursor == query.cursor) break;
    query.cursor = page->next_cursor;
  }
  if (found.empty()) co_return not_found(fmt::format("no job's id begins with {}", prefix));
  co_return found;
}

asio::awaitable<Result<JobState>> ApiClient::act(std::string id, JobAction action) {
  const std::string target = job_target(id, fmt::format("/{}", to_string(action)));
  const Result<json::object> reply = co_await call_for_object("POST", target);
  if (!reply) co_return reply.error();
  const json::value* state = reply->if_contains("state");
  if (state == nullptr || !state->is_string()) co_return unexpected(target);
  const std::optional<JobState> known = parse_job_state(std::string_view(state->get_string()));
  if (!known) co_return unexpected(target);
  co_return *known;
}

asio::awaitable<Result<void>> ApiClient::log(std::string id, LogQuery query,
                                             std::function<void(std::string_view)> on_text) {
  std::string target = job_target(id, fmt::format("/log?follow={:d}", query.follow));
  if (query.lines) target += fmt::format("&lines={}", *query.lines);
  return http_.read(std::move(target), deadline_, std::move(on_text));
}

asio::awaitable<Result<void>> ApiClient::set_priority(std::string id, int priority) {
  const std::string body = json::serialize(json::object{{"priority", priority}});
  const Result<std::string> reply = co_await call("PATCH", job_target(id), body);
  co_return without_body(reply);
}

asio::awaitable<Result<json::array>> ApiClient::workers() {
  const std::string target = "/workers";
  Result<json::object> reply = co_await call_for_object("GET", target);
  if (!reply) co_return reply.error();
  json::value* list = reply->if_contains("workers");
  if (list == nullptr || !list->is_array()) co_return unexpected(target);
  co_return std::move(list->get_array());
}

asio::awaitable<Result<void>> ApiClient::drain_worker(std::string id) {
  const Result<std::string> reply = co_await call("POST", fmt::format("/workers/{}/drain", escaped(id)));
  co_return without_body(reply);
}

asio::awaitable<Result<QueueState>> ApiClient::queue() {
  const std::string target = "/queue?limit=1";
  const Result<json::object> reply = co_await call_for_object("GET", target);
  if (!reply) co_return reply.error();
  const json::value* entries = reply->if_contains("entries");
  const json::value* attributes = reply->if_contains("attributes");
  if (entries == nullptr || !entries->is_int64() || attributes == nullptr || !attributes->is_object()) {
    co_return unexpected(target);
  }
  const json::value* disabled = attributes->get_object().if_contains("disabled");
  QueueState result;
  result.entries = static_cast<std::size_t>(entries->get_int64());
  result.disabled = disabled != nullptr && disabled->is_bool() && disabled->get_bool();
  co_return result;
}

asio::awaitable<Result<void>> ApiClient::set_queue_disabled(bool disabled) {
  const std::string body = json::serialize(json::object{{"disabled", disabled}});
  const Result<std::string> reply = co_await call("PATCH", "/queue", body);
  co_return without_body(reply);
}

asio::awaitable<Result<void>> ApiClient::clear_queue() {
  const Result<std::string> reply = co_await call("DELETE", "/queue");
  co_return without_body(reply);
}

asio::awaitable<Result<std::string>> ApiClient::data(std::string module, std::string name) {
  return call("GET", data_target(module, name));
}

asio::awaitable<Result<void>> ApiClient::put_data(std::string module, std::string name,
                                                  std::string document) {
  const Result<std::string> reply = co_await call("POST", data_target(module, name), std::move(document));
  co_return without_body(reply);
}

asio::awaitable<Result<void>> ApiClient::remove_data(std::string module, std::string name) {
  const Result<std::string> reply = co_await call("DELETE", data_target(module, name));
  co_return without_body(reply);
}

asio::awaitable<Result<void>> ApiClient::events(std::string id, std::string last_event_id,
                                                std::function<void()> on_open,
                                                std::function<bool(const ServerEvent&)> on_event) {
  const std::string target = id.empty() ? "/events" : job_target(id, "/events");
  return http_.stream(target, std::move(last_event_id), kStreamSilence, std::move(on_event),
                      std::move(on_open));
}

}  // namespace sisyphus::net
