#include "net/json_text.hpp"
#include "net/problem.hpp"
#include "net/query.hpp"
#include "net/routes.hpp"
#include "net/wire.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

HttpResponse state_reply(const JobId& id, const Result<JobState>& state) {
  if (!state) return problem(state.error());
  HttpResponse response;
  response.body = fmt::format(R"({{"job_id":"{}","state":"{}"}})", to_string(id), to_string(*state));
  return response;
}

}  // namespace

asio::awaitable<HttpResponse> get_jobs(const RouteContext& context, HttpRequest& request) {
  std::optional<JobState> state;
  if (const std::string* const text = request.parameter("state")) {
    state = parse_job_state(*text);
    if (!state) {
      co_return problem(
          400, fmt::format("state must be one of queued, running, cancelling, paused, completed, failed, "
                           "cancelled; found \"{}\"",
                           *text));
    }
  }
  const auto limit = count_parameter(request, "limit", 1, 1000, 100);
  if (!limit) co_return problem(limit.error());
  const std::string* const cursor = request.parameter("cursor");
  const std::optional<JobId> all;
  co_await context.services.jobs.settled(all);
  const auto page = context.services.jobs.jobs(state, *limit, cursor ? *cursor : "");
  if (!page) co_return problem(page.error());
  std::vector<std::string> texts;
  for (const JobView& view : page->jobs) texts.push_back(status_json(view));
  HttpResponse response;
  const std::string next = page->next_cursor ? fmt::format("\"{}\"", *page->next_cursor) : "null";
  response.body = fmt::format(R"({{"jobs":[{}],"next_cursor":{}}})", fmt::join(texts, ","), next);
  co_return response;
}

asio::awaitable<HttpResponse> get_job(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  const std::optional<JobId> one = *id;
  co_await context.services.jobs.settled(one);
  const auto view = context.services.jobs.job(*id);
  if (!view) co_return problem(view.error());
  HttpResponse response;
  response.body = job_json(*view);
  co_return response;
}

asio::awaitable<HttpResponse> patch_job(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  const auto body = parse_object_body(request.body);
  if (!body) co_return problem(body.error());
  if (auto keys = only_keys(*body, {"priority"}); !keys) co_return problem(keys.error());
  const json::value* const priority = body->if_contains("priority");
  if (!priority || !priority->is_int64() || priority->get_int64() < kMinPriority ||
      priority->get_int64() > kMaxPriority) {
    co_return problem(
        400, fmt::format("priority must be a whole number from {} to {}", kMinPriority, kMaxPriority),
        "/priority");
  }
  const int wanted = static_cast<int>(priority->get_int64());
  auto set = co_await context.services.jobs.set_priority(*id, wanted);
  if (!set) co_return problem(set.error());
  HttpResponse response;
  response.body = fmt::format(R"({{"job_id":"{}","priority":{}}})", to_string(*id), wanted);
  co_return response;
}

asio::awaitable<HttpResponse> delete_job(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  auto removed = co_await context.services.jobs.remove(*id);
  if (!removed) co_return problem(removed.error());
  co_return no_content();
}

asio::awaitable<HttpResponse> post_job_cancel(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  auto state = co_await context.services.jobs.cancel(*id);
  co_return state_reply(*id, state);
}

asio::awaitable<HttpResponse> post_job_pause(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  auto state = co_await context.services.jobs.pause(*id);
  co_return state_reply(*id, state);
}

asio::awaitable<HttpResponse> post_job_resume(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  auto state = co_await context.services.jobs.resume(*id);
  co_return state_reply(*id, state);
}

asio::awaitable<HttpResponse> post_job_retry(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  auto state = co_await context.services.jobs.retry(*id);
  co_return state_reply(*id, state);
}

// What its worker sent with the outcome.
asio::awaitable<HttpResponse> get_job_events(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  const std::optional<JobId> one = *id;
  co_await context.services.jobs.settled(one);
  const auto view = context.services.jobs.job(*id);
  if (!view) co_return problem(view.error());
  co_return event_stream(context.services.events.subscribe(*id, request.last_event_id));
}

asio::awaitable<HttpResponse> get_events(const RouteContext& context, HttpRequest& request) {
  co_return event_stream(context.services.events.subscribe(std::nullopt, request.last_event_id));
}

}  // namespace sisyphus::net
