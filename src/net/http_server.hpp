#pragma once

#include "core/errc.hpp"
#include "core/task_group.hpp"
#include "net/http_codec.hpp"
#include "net/router.hpp"

#include <asio/ip/tcp.hpp>

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace sisyphus::net {

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;  // 0: any free one
  HttpLimits limits;
  std::size_t max_connections = 4096;
  Millis idle{75'000};             // between requests of a kept connection
  Millis receive{30'000};          // from a request's first byte to its last
  Millis send{30'000};             // a write that makes no progress
  Millis comment{15'000};          // between events of a quiet stream
  std::string allow_origin = "*";  // Access-Control-Allow-Origin; empty: none
};

class HttpConnection;

// Accepts connections and owns them. One loop; the router outlives it.
class HttpServer {
 public:
  HttpServer(asio::any_io_executor executor, ServerSettings settings, const Router& router);
  ~HttpServer();

  Result<void> listen();       // Errc::network names the address and why it cannot be had
  std::uint16_t port() const;  // the one that listens
  void start();
  // Takes no more connections, lets every request that is there be answered, ends the streams, and returns
  // when all are closed; after `grace` the rest is cut.
  asio::awaitable<void> stop(Millis grace);
  std::size_t connections() const { return connections_.size(); }

 private:
  friend class HttpConnection;
  asio::awaitable<void> accept();
  asio::awaitable<void> serve(asio::ip::tcp::socket socket);
  asio::awaitable<void> watch_deadlines();

  asio::any_io_executor executor_;
  ServerSettings settings_;
  const Router& router_;
  std::vector<char> scratch_;  // for what comes, of whichever connection
  asio::ip::tcp::acceptor acceptor_;
  Bell watch_bell_;  // the first connection came, or the server stops
  std::list<HttpConnection*> connections_;
  bool stopping_ = false;
  TaskGroup group_;
};

}  // namespace sisyphus::net
