#pragma once

#include "actors/job_checks.hpp"
#include "actors/queue_actor.hpp"
#include "core/task_group.hpp"
#include "net/http_server.hpp"

#include <functional>
#include <memory>

namespace sisyphus::actors {

struct ServerOptions {
  net::ServerSettings http;
  QueueSettings queue;
};

// The server: queue actor, routes and connections, wired. One loop; `clock` outlives it.
class Server {
 public:
  // Reads the journal and listens. `on_storage_lost` is called when the journal can no longer be written: the
  // process should then stop() and exit with an error.
  static Result<std::unique_ptr<Server>> start(asio::any_io_executor executor, const Clock& clock,
                                               ServerOptions options, std::function<void()> on_storage_lost);
  ~Server();

  std::uint16_t port() const { return http_->port(); }
  bool storage_lost() const { return !queue_->status().healthy; }
  // Answers what is there, writes the last batch, closes the streams (semantics C6).
  asio::awaitable<void> stop();

 private:
  Server(asio::any_io_executor executor, std::unique_ptr<QueueActor> queue, const Clock& clock,
         net::ServerSettings http);

  TaskGroup group_;
  modules::Registry registry_;
  JobChecks checks_;
  std::unique_ptr<QueueActor> queue_;
  net::Router router_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace sisyphus::actors
