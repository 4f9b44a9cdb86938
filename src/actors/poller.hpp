#pragma once

#include "actors/worker_board.hpp"

#include <asio/awaitable.hpp>

#include <functional>

namespace sisyphus::actors {

// Asks the server for jobs, and only when a slot is free. With our server by a long poll that ends the moment
// a job is there; with the original's at its interval, after the two questions that it expects. Finds out
// which it is, and again after every time the server was not reached. Ends when the board drains.
class Poller {
 public:
  using OnGrant = std::function<void(net::GrantedJob)>;
  Poller(asio::any_io_executor executor, WorkerBoard& board, OnGrant on_grant);

  asio::awaitable<void> run();

 private:
  asio::awaitable<Result<void>> greet();
  asio::awaitable<Result<void>> ask();
  asio::awaitable<Result<void>> ask_the_originals_way();
  asio::awaitable<void> pause(Millis span);

  asio::any_io_executor executor_;
  WorkerBoard& board_;
  OnGrant on_grant_;
};

}  // namespace sisyphus::actors
