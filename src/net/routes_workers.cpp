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

std::vector<std::string> strings_of(const json::value& value) {
  std::vector<std::string> strings;
  if (!value.is_array()) return strings;
  for (const json::value& element : value.get_array()) {
    if (element.is_string()) strings.emplace_back(element.get_string());
  }
  return strings;
}

std::map<std::string, double> amounts_of(const json::value& value) {
  std::map<std::string, double> amounts;
  if (!value.is_object()) return amounts;
  for (const auto& [name, amount] : value.get_object()) {
    if (amount.is_number()) amounts[std::string(name)] = amount.to_number<double>();
  }
  return amounts;
}

// What our worker adds in `info`; the original's has other things there, which are left alone.
void read_info(const json::object& info, Heartbeat& beat) {
  if (const json::value* const modules = info.if_contains("modules"))
    beat.offer.modules = strings_of(*modules);
  if (const json::value* const labels = info.if_contains("labels")) beat.offer.labels = strings_of(*labels);
  if (const json::value* const resources = info.if_contains("resources"))
    beat.offer.resources = amounts_of(*resources);
  if (const json::value* const taken = info.if_contains("module_resources"); taken && taken->is_object()) {
    for (const auto& [module, resources] : taken->get_object())
      beat.offer.module_resources[std::string(module)] = amounts_of(resources);
  }
  const json::value* const jobs = info.if_contains("jobs");
  if (jobs == nullptr || !jobs->is_array()) return;
  for (const json::value& job : jobs->get_array()) {
    if (!job.is_object()) continue;
    const json::value* const id = job.get_object().if_contains("job_id");
    const json::value* const lease = job.get_object().if_contains("lease");
    if (!id || !id->is_string() || !lease || !lease->is_string()) continue;
    const auto job_id = parse_uuid(std::string_view(id->get_string()));
    const auto token = parse_lease_token(std::string_view(lease->get_string()));
    if (job_id && token) beat.jobs.push_back({*job_id, *token});
  }
}

Result<Heartbeat> read_heartbeat(const std::string& worker_id, const std::string& text) {
  if (worker_id.size() > 128) return invalid("a worker's id has at most 128 bytes");
  auto body = parse_object_body(text);
  if (!body) return body.error();
  if (auto keys = only_keys(*body, {"status", "online_at", "hostname", "version", "task", "job_id",
                                    "job_title", "progress", "info"});
      !keys) {
    return keys.error();
  }
  Heartbeat beat;
  beat.worker_id = worker_id;
  for (const char* name : {"status", "online_at", "hostname", "version"}) {
    auto value = required_string(*body, name);
    if (!value) return value.error();
    if (std::string_view(name) == "hostname") beat.hostname = std::move(*value);
  }
  for (const char* name : {"task", "job_id", "job_title"}) {
    if (body->contains(name)) {
      if (auto value = required_string(*body, name); !value) return value.error();
    }
  }
  if (const json::value* const progress = body->if_contains("progress"); progress && !progress->is_number()) {
    return invalid(fmt::format("progress must be a number, found {}", kind_name(*progress)), "/progress");
  }
  if (const json::value* const info = body->if_contains("info"); info && info->is_object()) {
    read_info(info->get_object(), beat);
  }
  if (beat.jobs.empty() && body->contains("job_id")) {  // the original's: it knows one job and no leases
    if (const auto id = parse_uuid(std::string_view(body->at("job_id").get_string()))) {
      beat.jobs.push_back({*id, std::nullopt});
    }
  }
  beat.body = json::serialize(*body);
  return beat;
}

std::string verdicts_json(const std::vector<LeaseVerdict>& verdicts) {
  std::vector<std::string> texts;
  for (const LeaseVerdict& verdict : verdicts) {
    std::string text = fmt::format(R"({{"job_id":"{}","verdict":"{}"}})", to_string(verdict.id),
                                   verdict_name(verdict.verdict));
    if (verdict.paused) add_member(text, "paused", "true");
    if (verdict.token) add_member(text, "lease", lease_json(verdict.token, verdict.expires_in));
    texts.push_back(std::move(text));
  }
  return fmt::format(R"({{"jobs":[{}]}})", fmt::join(texts, ","));
}

}  // namespace

asio::awaitable<HttpResponse> get_workers(const RouteContext& context, HttpRequest&) {
  const std::vector<WorkerView> workers = context.services.workers.workers();
  std::vector<std::string> texts;
  for (const WorkerView& view : workers) texts.push_back(worker_json(view));
  HttpResponse response;
  response.body = fmt::format(R"({{"workers":[{}],"count":{}}})", fmt::join(texts, ","), texts.size());
  co_return response;
}

asio::awaitable<HttpResponse> get_worker(const RouteContext& context, HttpRequest& request) {
  const auto view = context.services.workers.worker(request.param(0));
  if (!view) co_return problem(view.error());
  HttpResponse response;
  response.body = worker_json(*view);
  co_return response;
}

asio::awaitable<HttpResponse> post_worker(const RouteContext& context, HttpRequest& request) {
  auto beat = read_heartbeat(request.param(0), request.body);
  if (!beat) co_return problem(beat.error());
  auto verdicts = co_await context.services.workers.heartbeat(std::move(*beat));
  if (!verdicts) co_return problem(verdicts.error());
  HttpResponse response;
  response.status = 204;
  if (request.parameter("leases") != nullptr) {
    response.status = 200;
    response.body = verdicts_json(*verdicts);
  }
  co_return response;
}

asio::awaitable<HttpResponse> patch_worker(const RouteContext& context, HttpRequest& request) {
  const auto body = parse_object_body(request.body);
  if (!body) co_return problem(body.error());
  if (auto keys = only_keys(*body, {"disabled"}); !keys) co_return problem(keys.error());
  const auto disabled = required_bool(*body, "disabled");
  if (!disabled) co_return problem(disabled.error());
  const std::string id = request.param(0);
  auto done = co_await context.services.workers.set_worker_disabled(id, *disabled);
  if (!done) co_return problem(done.error());
  HttpResponse response;
  response.body = attributes_json(*disabled);
  co_return response;
}

asio::awaitable<HttpResponse> delete_worker(const RouteContext& context, HttpRequest& request) {
  if (auto done = context.services.workers.forget_worker(request.param(0)); !done)
    co_return problem(done.error());
  co_return no_content();
}

asio::awaitable<HttpResponse> post_worker_drain(const RouteContext& context, HttpRequest& request) {
  if (auto sent = context.services.workers.drain_worker(request.param(0)); !sent)
    co_return problem(sent.error());
  co_return no_content();
}

asio::awaitable<HttpResponse> post_worker_progress(const RouteContext& context, HttpRequest& request) {
  auto body = parse_body(request.body);
  if (!body) co_return problem(body.error());
  if (!body->is_array()) co_return problem(400, "the body must be an array of progress reports");
  std::vector<ProgressReport> reports;
  for (json::value& element : body->get_array()) {
    json::object* const object = element.if_object();
    const json::value* const id = object ? object->if_contains("job_id") : nullptr;
    const json::value* const lease = object ? object->if_contains("lease") : nullptr;
    const auto job_id = id && id->is_string() ? parse_uuid(std::string_view(id->get_string())) : std::nullopt;
    const auto token =
        lease && lease->is_string() ? parse_lease_token(std::string_view(lease->get_string())) : std::nullopt;
    if (!job_id || !token) {
      co_return problem(400, "a progress report needs job_id and lease", fmt::format("/{}", reports.size()));
    }
    object->erase("job_id");
    object->erase("lease");
    const std::string members = json::serialize(*object);
    reports.push_back({*job_id, *token, members.substr(1, members.size() - 2)});
  }
  context.services.jobs.report_progress(reports);
  co_return no_content();
}

asio::awaitable<HttpResponse> get_worker_control(const RouteContext& context, HttpRequest& request) {
  co_return event_stream(context.services.workers.control(request.param(0)));
}

}  // namespace sisyphus::net
