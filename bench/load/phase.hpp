#pragma once

#include "load/dialect.hpp"
#include "load/latencies.hpp"
#include "load/ledger.hpp"

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::bench {

// What connections do, each with one request outstanding.
//   submit     put jobs in
//   drain      take jobs that wait and finish them
//   lifecycle  put one in, take one, finish it
enum class Kind { submit, drain, lifecycle };

struct Load {
  asio::ip::tcp::endpoint server;
  std::function<std::unique_ptr<Dialect>(std::size_t connection)> dialect;
  Kind kind = Kind::lifecycle;
  std::size_t connections = 16;
  std::size_t jobs = 10'000;    // in all
  std::size_t batch = 1;        // jobs in a request
  std::size_t document = 1024;  // bytes
  std::uint64_t first_number = 0;
};

struct Outcome {
  std::chrono::nanoseconds elapsed{0};
  Latencies submit;
  Latencies take;
  Latencies finish;
  std::vector<std::string> errors;  // the first few
  std::size_t error_count = 0;
};

// Runs the load on a loop of its own and returns when every connection is done. `ledger` hears of every job
// that was taken. The first error of a connection ends that connection.
Outcome run(const Load& load, Ledger& ledger);

}  // namespace sisyphus::bench
