#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"
#include "core/job.hpp"
#include "core/services.hpp"
#include "net/http_client.hpp"

#include <asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sisyphus::net {

// A job as a worker gets it.
struct GrantedJob {
  JobId id{};
  LeaseToken token;  // none from a server without leases
  Millis expires_in{0};
  int attempt = 1;
  boost::json::object document;
};

struct ControlMessage {
  enum class Kind { cancel, pause, resume, drain, log, log_stop };
  Kind kind = Kind::drain;
  JobId id{};                         // of all but drain
  std::string stream;                 // of log and log_stop
  std::optional<std::uint64_t> from;  // of log: the place to begin at; none: the last lines
};

// What a worker says to a server, ours or the original's: docs/api.md and the routes that both have.
// A reply of 400 or more is an Error as problem_reply.hpp says. One loop; outlives its calls.
class WorkerClient {
 public:
  WorkerClient(HttpClient http, std::string worker_id);

  const std::string& base_url() const { return http_.base_url(); }
  const std::string& worker_id() const { return worker_id_; }

  // The extensions that the server names; empty for the original's.
  asio::awaitable<Result<std::set<std::string>>> extensions();

  // The original's way: may jobs be taken now? Then one of them, if there is one.
  asio::awaitable<Result<bool>> allowed();
  asio::awaitable<Result<std::optional<GrantedJob>>> poll_once();
  // Ours: waits up to `wait` for a job that fits the offer.
  asio::awaitable<Result<std::vector<GrantedJob>>> poll(Offer offer, std::size_t max, Millis wait);

  asio::awaitable<Result<void>> heartbeat(std::string body);
  asio::awaitable<Result<std::vector<LeaseVerdict>>> heartbeat_with_leases(std::string body);
  asio::awaitable<Result<void>> progress(std::string body);
  // Without a token in the original's form. Errc::not_found, Errc::stale_lease as the server says.
  asio::awaitable<Result<void>> complete(JobId id, LeaseToken token, bool failed, boost::json::object info);
  asio::awaitable<Result<void>> hand_back(JobId id, LeaseToken token, std::string reason);
  asio::awaitable<Result<void>> mark_irreversible(JobId id, LeaseToken token);
  // A piece of a log that the server asked for. Errc::not_found when nobody reads it any more.
  asio::awaitable<Result<void>> add_log(JobId id, LogPiece piece);
  asio::awaitable<Result<void>> sign_off();  // DELETE /workers/{id}
  // `options` of a document of a module; an empty optional when there is none.
  asio::awaitable<Result<std::optional<boost::json::object>>> option_set(std::string module,
                                                                         std::string name);
  // Until the stream breaks or `on_message` says false. `on_open` is called when it is there.
  asio::awaitable<Result<void>> control(std::function<void()> on_open,
                                        std::function<bool(const ControlMessage&)> on_message);

 private:
  asio::awaitable<Result<ClientResponse>> call(std::string method, std::string target, std::string body = {},
                                               Millis deadline = std::chrono::seconds(10));
  asio::awaitable<Result<boost::json::object>> call_for_object(std::string method, std::string target,
                                                               std::string body = {},
                                                               Millis deadline = std::chrono::seconds(10));
  std::string worker_target(std::string_view rest = {}) const;
  Error unexpected(const std::string& target) const;

  HttpClient http_;
  std::string worker_id_;
};

}  // namespace sisyphus::net
