#include "net/json_text.hpp"
#include "net/problem.hpp"
#include "net/query.hpp"
#include "net/routes.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

Result<LeaseToken> read_token(const json::object& object) {
  auto text = required_string(object, "lease");
  if (!text) return text.error();
  const auto token = parse_lease_token(*text);
  if (!token)
    return invalid(fmt::format("lease must be a token such as 1-42, found \"{}\"", *text), "/lease");
  return *token;
}

Result<JobId> read_job_id(const json::object& object) {
  auto text = required_string(object, "job_id");
  if (!text) return text.error();
  const auto id = parse_uuid(*text);
  if (!id) return invalid(fmt::format("job_id must be a UUID, found \"{}\"", *text), "/job_id");
  return *id;
}

Result<Completion> read_completion(const json::object& object, const JobId& id) {
  Completion completion;
  completion.id = id;
  auto failed = required_bool(object, "failed");
  if (!failed) return failed.error();
  completion.failed = *failed;
  if (object.contains("lease")) {
    auto token = read_token(object);
    if (!token) return token.error();
    completion.token = *token;
  }
  const json::value* const info = object.if_contains("info");
  if (info == nullptr) return completion;
  if (info->is_object() && info->get_object().empty()) return completion;  // says nothing: nothing is kept
  completion.info = json::serialize(*info);
  if (!info->is_object()) return completion;  // the original takes anything here
  const auto text = [&](const char* name) {
    const json::value* const value = info->get_object().if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  completion.message = text("message");
  completion.worker_id = text("worker_id");
  const json::value* const retryable = info->get_object().if_contains("retryable");
  completion.retryable = retryable && retryable->is_bool() && retryable->get_bool();
  return completion;
}

// An array of objects; `read` makes an item of each. A failure's pointer gets the item's place in front.
template <class Item, class Read>
Result<std::vector<Item>> read_items(const std::string& body, Read read) {
  auto value = parse_body(body);
  if (!value) return value.error();
  if (!value->is_array())
    return invalid(fmt::format("the body must be an array, found {}", kind_name(*value)));
  std::vector<Item> items;
  for (const json::value& element : value->get_array()) {
    const std::string pointer = fmt::format("/{}", items.size());
    if (!element.is_object()) return invalid("every element must be an object", pointer);
    Result<Item> item = read(element.get_object());
    if (!item) return invalid(item.error().detail, pointer + item.error().pointer);
    items.push_back(std::move(*item));
  }
  return items;
}

HttpResponse results_reply(const std::vector<JobId>& ids, const std::vector<Result<void>>& results) {
  json::array list;
  for (std::size_t i = 0; i < results.size(); ++i) {
    json::object entry{{"job_id", to_string(ids[i])}, {"status", 204}};
    if (!results[i]) {
      entry["status"] = http_status(results[i].error().code);
      entry["detail"] = results[i].error().detail;
    }
    list.push_back(std::move(entry));
  }
  HttpResponse response;
  response.body = json::serialize(json::object{{"results", std::move(list)}});
  return response;
}

template <class Item>
std::vector<JobId> ids_of(const std::vector<Item>& items) {
  std::vector<JobId> ids;
  for (const Item& item : items) ids.push_back(item.id);
  return ids;
}

Result<Completion> read_batch_completion(const json::object& object) {
  if (auto keys = only_keys(object, {"job_id", "lease", "failed", "info"}); !keys) return keys.error();
  auto id = read_job_id(object);
  if (!id) return id.error();
  return read_completion(object, *id);
}

// Bodies are small and their trees short-lived: they are built on the stack.
constexpr std::size_t kTree = 4096;  // bytes; what does not fit goes to the heap

Result<Completion> read_single_completion(const HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) return id.error();
  std::array<unsigned char, kTree> memory;  // NOLINT: the resource hands out no byte that was not written
  json::monotonic_resource arena(memory.data(), memory.size());
  const auto body = parse_object_body(request.body, &arena);
  if (!body) return body.error();
  if (auto keys = only_keys(*body, {"failed", "info", "lease"}); !keys) return keys.error();
  return read_completion(*body, *id);
}

Result<HandBack> read_hand_back(const json::object& object) {
  if (auto keys = only_keys(object, {"job_id", "lease", "reason"}); !keys) return keys.error();
  auto id = read_job_id(object);
  if (!id) return id.error();
  auto token = read_token(object);
  if (!token) return token.error();
  auto reason = required_string(object, "reason");
  if (!reason) return reason.error();
  return HandBack{*id, *token, std::move(*reason)};
}

asio::awaitable<HttpResponse> completed(asio::awaitable<std::vector<Result<void>>> results) {
  const auto done = co_await std::move(results);
  if (!done.front()) co_return problem(done.front().error());
  co_return no_content();
}

}  // namespace

// No coroutine, as others that may be asked hundreds of times at once: only what waits is one.
asio::awaitable<HttpResponse> patch_job_completed(const RouteContext& context, HttpRequest& request) {
  auto completion = read_single_completion(request);
  if (!completion) return at_once(problem(completion.error()));
  std::vector<Completion> one;
  one.push_back(std::move(*completion));
  return completed(context.services.jobs.complete(std::move(one)));
}

asio::awaitable<HttpResponse> post_jobs_completed(const RouteContext& context, HttpRequest& request) {
  auto completions = read_items<Completion>(request.body, read_batch_completion);
  if (!completions) co_return problem(completions.error());
  const std::vector<JobId> ids = ids_of(*completions);
  auto results = co_await context.services.jobs.complete(std::move(*completions));
  co_return results_reply(ids, results);
}

asio::awaitable<HttpResponse> post_worker_hand_back(const RouteContext& context, HttpRequest& request) {
  auto jobs = read_items<HandBack>(request.body, read_hand_back);
  if (!jobs) co_return problem(jobs.error());
  const std::vector<JobId> ids = ids_of(*jobs);
  auto results = co_await context.services.jobs.hand_back(std::move(*jobs));
  co_return results_reply(ids, results);
}

asio::awaitable<HttpResponse> post_job_irreversible(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  const auto body = parse_object_body(request.body);
  if (!body) co_return problem(body.error());
  const auto token = read_token(*body);
  if (!token) co_return problem(token.error());
  auto marked = co_await context.services.jobs.mark_irreversible(*id, *token);
  if (!marked) co_return problem(marked.error());
  co_return no_content();
}

}  // namespace sisyphus::net
