#include "actors/server.hpp"

#include "net/routes.hpp"

#include <spdlog/spdlog.h>

namespace sisyphus::actors {

namespace {
constexpr std::chrono::seconds kStopGrace{5};
}

Server::Server(asio::any_io_executor executor, std::unique_ptr<QueueActor> queue, const Clock& clock,
               net::ServerSettings http)
    : group_(executor),
      checks_(registry_),
      queue_(std::move(queue)),
      router_({{*queue_, *queue_, *queue_, *queue_, *queue_, checks_, queue_->logs()}, clock}, net::routes()),
      http_(std::make_unique<net::HttpServer>(executor, std::move(http), router_)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(asio::any_io_executor executor, const Clock& clock,
                                              ServerOptions options, std::function<void()> on_storage_lost) {
  const SteadyTime begin = std::chrono::steady_clock::now();
  auto queue = QueueActor::open(executor, clock, queue::real_file_system(), options.queue);
  if (!queue) return queue.error();
  std::unique_ptr<Server> server(new Server(executor, std::move(*queue), clock, options.http));
  if (auto listening = server->http_->listen(); !listening) return listening.error();
  server->queue_->start(server->group_, std::move(on_storage_lost));
  server->http_->start();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  spdlog::info("server_listening address={}:{} data_dir={} jobs={} version={} elapsed_ms={}",
               options.http.host, server->port(), options.queue.data_dir, server->queue_->job_count(),
               SISYPHUS_VERSION, std::chrono::duration_cast<Millis>(elapsed).count());
  return server;
}

asio::awaitable<void> Server::stop() {
  spdlog::info("server_stopping");
  queue_->release_waiters();
  co_await http_->stop(kStopGrace);
  queue_->stop();
  co_await group_.join();
  spdlog::info("server_stopped");
}

}  // namespace sisyphus::actors
