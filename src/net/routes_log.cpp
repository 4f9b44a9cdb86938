#include "core/text_tail.hpp"
#include "net/problem.hpp"
#include "net/query.hpp"
#include "net/routes.hpp"
#include "net/wire.hpp"

#include <fmt/format.h>

#include <limits>

namespace sisyphus::net {
namespace {

constexpr std::size_t kLargestPiece = 256U << 10;  // bytes

HttpResponse text_reply(std::string_view text) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = text;
  return response;
}

// Of a finished job: the tail that its worker sent with the outcome.
HttpResponse kept_log(const JobView& job, std::size_t lines) {
  const std::string tail = log_tail(job);
  if (tail.empty())
    return problem(404, fmt::format("job {} has no log: no tool of it said anything", to_string(job.id)));
  return text_reply(last_lines(tail, lines));
}

}  // namespace

asio::awaitable<HttpResponse> get_job_log(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  const auto lines = count_parameter(request, "lines", 0, kAll, kAll);
  if (!lines) co_return problem(lines.error());
  const auto follow = count_parameter(request, "follow", 0, 1, 0);
  if (!follow) co_return problem(follow.error());
  const std::optional<JobId> one(*id);
  co_await context.services.jobs.settled(one);
  auto job = context.services.jobs.job(*id);
  if (!job) co_return problem(job.error());
  if (is_terminal(job->state)) co_return kept_log(*job, *lines);
  const bool live = *follow != 0;
  auto log = co_await context.services.logs.read_log(std::move(*job), *lines, live);
  if (!log) {
    co_await context.services.jobs.settled(one);
    const auto now = context.services.jobs.job(*id);  // it may have ended meanwhile
    if (now && is_terminal(now->state)) co_return kept_log(*now, *lines);
    co_return problem(log.error());
  }
  HttpResponse response = text_reply("");
  if (live) {
    response.stream = std::move(*log);
    co_return response;
  }
  const std::stop_token nobody;
  const auto text = co_await (*log)->next(Millis(0), nobody);
  if (text) response.body = *text;
  co_return response;
}

asio::awaitable<HttpResponse> post_job_log(const RouteContext& context, HttpRequest& request) {
  const auto id = job_id_param(request);
  if (!id) co_return problem(id.error());
  const auto place = count_parameter(request, "place", 0, std::numeric_limits<std::size_t>::max(), 0);
  if (!place) co_return problem(place.error());
  const std::string* const stream = request.parameter("stream");
  if (stream == nullptr) co_return problem(400, "stream must name the stream that the server asked for");
  if (request.body.size() > kLargestPiece)
    co_return problem(413, fmt::format("a piece of a log has at most {} bytes", kLargestPiece));
  if (auto added = context.services.logs.add_log(*id, {*stream, *place, request.body}); !added)
    co_return problem(added.error());
  co_return no_content();
}

}  // namespace sisyphus::net
