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

constexpr std::size_t kListLimit =
    1000;  // jobs in one reply: original clients fetch the queue before every poll

HttpResponse ok(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

Result<PollRequest> read_poll(const HttpRequest& request) {
  PollRequest poll;
  auto wait = seconds_parameter(request, "wait", 60);
  if (!wait) return wait.error();
  poll.wait = Millis(static_cast<std::int64_t>(*wait * 1000));
  auto max = count_parameter(request, "max", 1, 1000, 1);
  if (!max) return max.error();
  poll.max = *max;
  if (const std::string* const id = request.parameter("worker_id")) {
    if (id->empty() || id->size() > 128) return invalid("worker_id must have 1 to 128 bytes");
    poll.worker_id = *id;
  }
  if (const std::string* const modules = request.parameter("modules"))
    poll.offer.modules = comma_list(*modules);
  if (const std::string* const labels = request.parameter("labels")) poll.offer.labels = comma_list(*labels);
  if (const std::string* const resources = request.parameter("resources")) {
    auto offered = resources_of(*resources);
    if (!offered) return offered.error();
    poll.offer.resources = std::move(*offered);
  }
  return poll;
}

std::string submitted_json(const std::vector<Submitted>& jobs, bool is_array) {
  if (!is_array && jobs.front().warnings.empty())
    return R"({"job_id":")" + to_string(jobs.front().id) + "\"}";
  json::array ids;
  json::array warnings;
  for (const Submitted& job : jobs) {
    ids.emplace_back(to_string(job.id));
    for (const std::string& warning : job.warnings) warnings.emplace_back(warning);
  }
  json::object reply;
  if (is_array) {
    reply["job_ids"] = std::move(ids);
  } else {
    reply["job_id"] = ids.at(0);
  }
  if (!warnings.empty()) reply["warnings"] = std::move(warnings);
  return json::serialize(reply);
}

asio::awaitable<HttpResponse> submitted(asio::awaitable<Result<std::vector<Submitted>>> jobs, bool is_array) {
  const auto added = co_await std::move(jobs);
  if (!added) co_return problem(added.error());
  co_return ok(submitted_json(*added, is_array));
}

asio::awaitable<HttpResponse> polled(JobService* jobs, asio::awaitable<Result<std::vector<Grant>>> poll,
                                     bool original) {
  auto grants = co_await std::move(poll);
  if (!grants) co_return problem(grants.error());
  HttpResponse response;
  if (!original) {
    response.body = grants_json(*grants);
  } else if (grants->empty()) {
    response.status = 404;
    response.body = "null";
  } else {
    response.body = grants->front().document.view();
  }
  if (!grants->empty()) {
    response.undelivered = [jobs, given = std::move(*grants)] { jobs->undelivered(given); };
  }
  co_return response;
}

}  // namespace

asio::awaitable<HttpResponse> post_queue(const RouteContext& context, HttpRequest& request) {
  auto submission = read_submission(request.body, context.clock.now().wall);
  std::string().swap(request.body);  // others may have the memory while this one waits for the disk
  if (!submission) return at_once(problem(submission.error()));
  return submitted(context.services.jobs.submit(std::move(submission->jobs)), submission->is_array);
}

asio::awaitable<HttpResponse> get_queue(const RouteContext& context, HttpRequest& request) {
  const auto limit = count_parameter(request, "limit", 0, kListLimit, kListLimit);
  if (!limit) co_return problem(limit.error());
  const QueueView view = context.services.jobs.queue(*limit);
  co_return ok(fmt::format(R"({{"queue":[{}],"entries":{},"attributes":{}}})", fmt::join(view.documents, ","),
                           view.entries, attributes_json(view.disabled)));
}

asio::awaitable<HttpResponse> patch_queue(const RouteContext& context, HttpRequest& request) {
  auto body = parse_object_body(request.body);
  if (!body) co_return problem(body.error());
  if (auto keys = only_keys(*body, {"disabled"}); !keys) co_return problem(keys.error());
  const auto disabled = required_bool(*body, "disabled");
  if (!disabled) co_return problem(disabled.error());
  auto done = co_await context.services.jobs.set_disabled(*disabled);
  if (!done) co_return problem(done.error());
  co_return ok(attributes_json(*disabled));
}

asio::awaitable<HttpResponse> delete_queue(const RouteContext& context, HttpRequest&) {
  auto done = co_await context.services.jobs.clear();
  if (!done) co_return problem(done.error());
  co_return no_content();
}

asio::awaitable<HttpResponse> get_queue_poll(const RouteContext& context, HttpRequest& request) {
  auto poll = read_poll(request);
  if (!poll) return at_once(problem(poll.error()));
  const bool original = poll->worker_id.empty();
  if (original) poll->max = 1;
  JobService& jobs = context.services.jobs;
  return polled(&jobs, jobs.poll(std::move(*poll), request.watch), original);
}

}  // namespace sisyphus::net
