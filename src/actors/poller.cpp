#include "actors/poller.hpp"

#include "actors/retry_delay.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

namespace sisyphus::actors {
namespace {

constexpr std::chrono::seconds kLongPoll{30};
// While jobs hold resources: when one ends, more is free than the poll that waits has offered. A poll is not
// given up for that, as it may be answered in that moment.
constexpr std::chrono::seconds kShortPoll{1};
constexpr Millis kLookAgain{250};  // whether a heartbeat has said what becomes of a job whose lease is over

}  // namespace

Poller::Poller(asio::any_io_executor executor, WorkerBoard& board, OnGrant on_grant)
    : executor_(std::move(executor)), board_(board), on_grant_(std::move(on_grant)) {}

asio::awaitable<void> Poller::run() {
  RetryDelay delay(Millis(250), board_.settings.network_retry);
  bool told = false;
  while (!board_.draining) {
    if (board_.reached && board_.free_slots() == 0) {
      co_await board_.slot_free.wait();
      continue;
    }
    if (board_.reached && board_.has("leases") && board_.any_lease_over(std::chrono::steady_clock::now())) {
      board_.heartbeat_due.ring();
      co_await pause(kLookAgain);
      continue;
    }
    Result<void> done;
    if (!board_.reached) {
      done = co_await greet();
    } else if (board_.has("long-poll")) {
      done = co_await ask();
    } else {
      done = co_await ask_the_originals_way();
    }
    if (done) {
      if (std::exchange(told, false)) spdlog::info("server_reached url={}", board_.client.base_url());
      delay.reset();
      continue;
    }
    if (board_.draining) break;  // the poll was cancelled: the server is well
    if (!std::exchange(told, true)) {
      spdlog::warn("server_not_reached url={} error=\"{}\"", board_.client.base_url(), done.error().detail);
    }
    board_.reached = false;
    co_await pause(delay.next());
  }
}

asio::awaitable<Result<void>> Poller::greet() {
  auto extensions = co_await board_.client.extensions();
  if (!extensions) co_return extensions.error();
  board_.extensions = std::move(*extensions);
  board_.reached = true;
  board_.heartbeat_due.ring();
  for (JobRunner* const runner : board_.running)
    runner->changed().ring();  // outcomes may be waiting to be told
  if (!board_.has("long-poll")) {
    spdlog::info("server_without_extensions url={}: polling every {} s", board_.client.base_url(),
                 board_.settings.poll_interval.count() / 1000);
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> Poller::ask() {
  Offer offer = board_.offer();
  const Millis wait = offer.resources == board_.settings.resources ? kLongPoll : kShortPoll;
  const std::size_t most = some_module_takes_resources(board_.registry) ? 1 : board_.free_slots();
  auto jobs = co_await board_.client.poll(std::move(offer), most, wait);
  if (!jobs) co_return jobs.error();
  for (net::GrantedJob& job : *jobs) on_grant_(std::move(job));
  co_return Result<void>();
}

asio::awaitable<Result<void>> Poller::ask_the_originals_way() {
  auto allowed = co_await board_.client.allowed();
  if (!allowed && allowed.error().code != Errc::not_found) co_return allowed.error();
  // This server cannot be told what to leave out just now.
  const bool any_would_fit = board_.offer().modules->size() == board_.modules.size();
  if (allowed && *allowed && any_would_fit) {
    auto job = co_await board_.client.poll_once();
    if (!job) co_return job.error();
    if (*job) {
      on_grant_(std::move(**job));
      co_return Result<void>();
    }
  }
  co_await pause(board_.settings.poll_interval);
  co_return Result<void>();
}

asio::awaitable<void> Poller::pause(Millis span) {
  asio::steady_timer timer(executor_, span);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace sisyphus::actors
