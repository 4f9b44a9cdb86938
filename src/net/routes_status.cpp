#include "net/problem.hpp"
#include "net/routes.hpp"

#include <boost/json.hpp>

namespace sisyphus::net {

namespace json = boost::json;

asio::awaitable<HttpResponse> get_status_config(const RouteContext& context, HttpRequest&) {
  const ServerStatus status = context.services.status.status();
  const json::object reply{
      {"backend", {{"journal", status.data_dir}, {"fsync", status.fsync}}},
      {"version", status.version},
      {"uptime", in_words(status.uptime)},
      // What a worker or command line that finds it here may use beyond the original's routes.
      {"extensions",
       {"jobs", "leases", "long-poll", "control", "events", "progress", "hand-back", "irreversible"}}};
  HttpResponse response;
  response.body = json::serialize(reply);
  co_return response;
}

asio::awaitable<HttpResponse> get_status_health(const RouteContext& context, HttpRequest&) {
  const ServerStatus status = context.services.status.status();
  if (!status.healthy) co_return problem(503, status.trouble);
  HttpResponse response;
  response.body = R"({"status":"online"})";
  co_return response;
}

}  // namespace sisyphus::net
