#include "net/worker_client.hpp"

#include "core/parse_json.hpp"
#include "net/problem_reply.hpp"

#include <boost/json.hpp>
#include <boost/url.hpp>
#include <fmt/format.h>

namespace sisyphus::net {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds kStreamSilence{45};  // three of the comments that the server sends every 15 s
constexpr std::chrono::seconds kPollSlack{10};      // for the reply of a poll, beyond its wait

std::string escaped(std::string_view text) {
  return boost::urls::encode({text.data(), text.size()}, boost::urls::unreserved_chars);
}

const json::value* member(const json::object& object, json::string_view name, json::kind kind) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->kind() == kind ? value : nullptr;
}

std::string_view text_of(const json::object& object, json::string_view name) {
  const json::value* const value = member(object, name, json::kind::string);
  return value ? std::string_view(value->get_string()) : std::string_view();
}

bool disabled(const json::object& reply) {
  const json::value* const attributes = member(reply, "attributes", json::kind::object);
  const json::value* const flag = attributes ? attributes->get_object().if_contains("disabled") : nullptr;
  return flag != nullptr && flag->is_bool() && flag->get_bool();
}

void read_lease(const json::object& holder, LeaseToken& token, Millis& expires_in) {
  const json::value* const lease = member(holder, "lease", json::kind::object);
  if (lease == nullptr) return;
  token = parse_lease_token(text_of(lease->get_object(), "token")).value_or(LeaseToken{});
  const json::value* const seconds = lease->get_object().if_contains("expires_s");
  if (seconds && seconds->is_number())
    expires_in = Millis(static_cast<std::int64_t>(seconds->to_number<double>() * 1000));
}

std::optional<GrantedJob> read_job(json::object object) {
  const auto id = parse_uuid(text_of(object, "job_id"));
  if (!id || !member(object, "tasks", json::kind::array)) return std::nullopt;
  GrantedJob job;
  job.id = *id;
  read_lease(object, job.token, job.expires_in);
  if (const json::value* const attempt = member(object, "attempt", json::kind::int64)) {
    job.attempt = static_cast<int>(attempt->get_int64());
  }
  job.document = std::move(object);
  return job;
}

Verdict verdict_of(std::string_view text) {
  if (text == "renewed") return Verdict::renewed;
  if (text == "adopted") return Verdict::adopted;
  if (text == "cancel") return Verdict::cancel;
  return Verdict::stop;
}

std::optional<ControlMessage> read_control(const ServerEvent& event) {
  ControlMessage message;
  if (event.type == "drain") return message;
  if (event.type == "cancel") {
    message.kind = ControlMessage::Kind::cancel;
  } else if (event.type == "pause") {
    message.kind = ControlMessage::Kind::pause;
  } else if (event.type == "resume") {
    message.kind = ControlMessage::Kind::resume;
  } else if (event.type == "log") {
    message.kind = ControlMessage::Kind::log;
  } else if (event.type == "log_stop") {
    message.kind = ControlMessage::Kind::log_stop;
  } else {
    return std::nullopt;  // a newer server may say more
  }
  const auto data = parse_json(event.data);
  const auto id =
      data && data->is_object() ? parse_uuid(text_of(data->get_object(), "job_id")) : std::nullopt;
  if (!id) return std::nullopt;
  message.id = *id;
  const json::object& members = data->get_object();
  message.stream = text_of(members, "stream");
  if (const json::value* const from = member(members, "from", json::kind::int64)) {
    if (from->get_int64() >= 0) message.from = static_cast<std::uint64_t>(from->get_int64());
  }
  return message;
}

}  // namespace

WorkerClient::WorkerClient(HttpClient http, std::string worker_id)
    : http_(std::move(http)), worker_id_(std::move(worker_id)) {}

std::string WorkerClient::worker_target(std::string_view rest) const {
  return fmt::format("/workers/{}{}", escaped(worker_id_), rest);
}

Error WorkerClient::unexpected(const std::string& target) const {
  return {Errc::network,
          fmt::format("{}{} answered with something that is no Sisyphus reply", base_url(), target),
          {}};
}

asio::awaitable<Result<ClientResponse>> WorkerClient::call(std::string method, std::string target,
                                                           std::string body, Millis deadline) {
  Result<ClientResponse> reply =
      co_await http_.request(std::move(method), std::move(target), std::move(body), deadline);
  if (reply && reply->status >= 400) co_return error_from_reply(reply->status, reply->body);
  co_return reply;
}

asio::awaitable<Result<json::object>> WorkerClient::call_for_object(std::string method, std::string target,
                                                                    std::string body, Millis deadline) {
  const auto reply = co_await call(std::move(method), target, std::move(body), deadline);
  if (!reply) co_return reply.error();
  auto value = parse_json(reply->body);
  if (!value || !value->is_object()) co_return unexpected(target);
  co_return std::move(value->get_object());
}

asio::awaitable<Result<std::set<std::string>>> WorkerClient::extensions() {
  const auto reply = co_await call_for_object("GET", "/status/config");
  if (!reply) co_return reply.error();
  std::set<std::string> names;
  if (const json::value* const list = member(*reply, "extensions", json::kind::array)) {
    for (const json::value& name : list->get_array()) {
      if (name.is_string()) names.emplace(name.get_string());
    }
  }
  co_return names;
}

asio::awaitable<Result<bool>> WorkerClient::allowed() {
  const auto queue = co_await call_for_object("GET", "/queue");
  if (!queue) co_return queue.error();
  if (disabled(*queue)) co_return false;
  const auto worker = co_await call_for_object("GET", worker_target());
  if (!worker) co_return worker.error();
  co_return !disabled(*worker);
}

asio::awaitable<Result<std::optional<GrantedJob>>> WorkerClient::poll_once() {
  const std::string target = "/queue/poll";
  const auto reply = co_await http_.request("GET", target, "", std::chrono::seconds(10));
  if (!reply) co_return reply.error();
  if (reply->status == 404) co_return std::optional<GrantedJob>();
  if (reply->status >= 400) co_return error_from_reply(reply->status, reply->body);
  auto value = parse_json(reply->body);
  if (!value || !value->is_object()) co_return unexpected(target);
  auto job = read_job(std::move(value->get_object()));
  if (!job) co_return unexpected(target);
  co_return job;
}

asio::awaitable<Result<std::vector<GrantedJob>>> WorkerClient::poll(Offer offer, std::size_t max,
                                                                    Millis wait) {
  std::string target = fmt::format("/queue/poll?worker_id={}&wait={}&max={}", escaped(worker_id_),
                                   static_cast<double>(wait.count()) / 1000, max);
  if (offer.modules) target += "&modules=" + escaped(fmt::format("{}", fmt::join(*offer.modules, ",")));
  if (!offer.labels.empty()) target += "&labels=" + escaped(fmt::format("{}", fmt::join(offer.labels, ",")));
  std::vector<std::string> resources;
  for (const auto& [name, amount] : offer.resources) resources.push_back(fmt::format("{}={}", name, amount));
  if (!resources.empty()) target += "&resources=" + escaped(fmt::format("{}", fmt::join(resources, ",")));
  const auto reply = co_await call_for_object("GET", target, "", wait + kPollSlack);
  if (!reply) co_return reply.error();
  const json::value* const list = member(*reply, "jobs", json::kind::array);
  if (list == nullptr) co_return unexpected("/queue/poll");
  std::vector<GrantedJob> jobs;
  for (const json::value& element : list->get_array()) {
    auto job = element.is_object() ? read_job(element.get_object()) : std::nullopt;
    if (!job) co_return unexpected("/queue/poll");
    jobs.push_back(std::move(*job));
  }
  co_return jobs;
}

asio::awaitable<Result<void>> WorkerClient::heartbeat(std::string body) {
  const auto reply = co_await call("POST", worker_target(), std::move(body));
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<std::vector<LeaseVerdict>>> WorkerClient::heartbeat_with_leases(std::string body) {
  const auto reply = co_await call_for_object("POST", worker_target("?leases=1"), std::move(body));
  if (!reply) co_return reply.error();
  std::vector<LeaseVerdict> verdicts;
  const json::value* const list = member(*reply, "jobs", json::kind::array);
  if (list == nullptr) co_return unexpected("/workers");
  for (const json::value& element : list->get_array()) {
    if (!element.is_object()) co_return unexpected("/workers");
    const json::object& object = element.get_object();
    const auto id = parse_uuid(text_of(object, "job_id"));
    if (!id) co_return unexpected("/workers");
    LeaseVerdict verdict;
    verdict.id = *id;
    verdict.verdict = verdict_of(text_of(object, "verdict"));
    read_lease(object, verdict.token, verdict.expires_in);
    const json::value* const paused = member(object, "paused", json::kind::bool_);
    verdict.paused = paused != nullptr && paused->get_bool();
    verdicts.push_back(verdict);
  }
  co_return verdicts;
}

asio::awaitable<Result<void>> WorkerClient::progress(std::string body) {
  constexpr std::chrono::seconds kFresh{2};  // what is later nobody wants to see
  const auto reply = co_await call("POST", worker_target("/progress"), std::move(body), kFresh);
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<void>> WorkerClient::complete(JobId id, LeaseToken token, bool failed,
                                                     json::object info) {
  json::object body{{"failed", failed}, {"info", std::move(info)}};
  if (token) body["lease"] = to_string(token);
  const auto reply =
      co_await call("PATCH", fmt::format("/jobs/{}/completed", to_string(id)), json::serialize(body));
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<void>> WorkerClient::hand_back(JobId id, LeaseToken token, std::string reason) {
  const json::array body{{{"job_id", to_string(id)}, {"lease", to_string(token)}, {"reason", reason}}};
  const auto reply = co_await call("POST", worker_target("/hand-back"), json::serialize(body));
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<void>> WorkerClient::mark_irreversible(JobId id, LeaseToken token) {
  const json::object body{{"lease", to_string(token)}};
  const auto reply =
      co_await call("POST", fmt::format("/jobs/{}/irreversible", to_string(id)), json::serialize(body));
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<void>> WorkerClient::add_log(JobId id, LogPiece piece) {
  const std::string target =
      fmt::format("/jobs/{}/log?stream={}&place={}", to_string(id), escaped(piece.stream), piece.place);
  const auto reply = co_await http_.request("POST", target, std::move(piece.text), std::chrono::seconds(10),
                                            "text/plain; charset=utf-8");
  if (!reply) co_return reply.error();
  if (reply->status >= 400) co_return error_from_reply(reply->status, reply->body);
  co_return Result<void>();
}

asio::awaitable<Result<void>> WorkerClient::sign_off() {
  const auto reply = co_await call("DELETE", worker_target(), "", std::chrono::seconds(2));
  if (!reply) co_return reply.error();
  co_return Result<void>();
}

asio::awaitable<Result<std::optional<json::object>>> WorkerClient::option_set(std::string module,
                                                                              std::string name) {
  const std::string target = fmt::format("/data/{}/{}", escaped(module), escaped(name));
  auto reply = co_await call_for_object("GET", target);
  if (!reply && reply.error().code == Errc::not_found) co_return std::optional<json::object>();
  if (!reply) co_return reply.error();
  const json::value* const options = member(*reply, "options", json::kind::object);
  if (options == nullptr) {
    co_return invalid(fmt::format("the option set {}/{} has no \"options\" object", module, name));
  }
  co_return std::optional<json::object>(options->get_object());
}

asio::awaitable<Result<void>> WorkerClient::control(std::function<void()> on_open,
                                                    std::function<bool(const ControlMessage&)> on_message) {
  std::function<bool(const ServerEvent&)> on_event = [on_message =
                                                          std::move(on_message)](const ServerEvent& event) {
    const auto message = read_control(event);
    return !message || on_message(*message);
  };
  Result<void> ended = co_await http_.stream(worker_target("/control"), "", kStreamSilence,
                                             std::move(on_event), std::move(on_open));
  co_return ended;
}

}  // namespace sisyphus::net
