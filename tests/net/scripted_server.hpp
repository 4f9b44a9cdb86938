#pragma once

#include "core/asio_tokens.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sisyphus::net {

// Runs the loop until `work` is done, and no further: what else is pending stays pending.
template <class T>
T run_until_done(asio::io_context& loop, asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(work), [&](std::exception_ptr error, T value) {
    thrown = error;
    result = std::move(value);
  });
  loop.restart();
  while (!result && loop.run_one() != 0) continue;
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

// What the server does with one request: it reads it whole, writes `reply`, and with `stays` waits for the
// client to close. At the end of its steps it closes the connection.
struct Step {
  std::string reply;
  bool stays = false;
};

inline std::string reply_with(std::string_view body, std::string_view status = "200 OK",
                              std::string_view type = "application/json") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", status, type,
                     body.size(), body);
}

// A server on the test's own loop that takes connections one after the other and does with each what was
// written down for it. Outlived by the loop.
class ScriptedServer {
 public:
  ScriptedServer(asio::io_context& loop, std::vector<std::vector<Step>> script)
      : acceptor_(loop, {asio::ip::address_v4::loopback(), 0}),
        script_(std::move(script)),
        url_(fmt::format("http://127.0.0.1:{}", acceptor_.local_endpoint().port())) {
    requests.resize(script_.size());
    asio::co_spawn(loop, serve(), rethrow);
  }

  const std::string& url() const { return url_; }

  std::vector<std::vector<std::string>> requests;  // head and body, by connection
  std::function<void()> on_request;                // after one was read

 private:
  static void rethrow(std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  }

  asio::awaitable<void> serve() {
    for (std::size_t i = 0; i < script_.size(); ++i) {
      auto [error, socket] = co_await acceptor_.async_accept(kTuple);
      if (error) co_return;
      asio::co_spawn(acceptor_.get_executor(), talk(std::move(socket), i), rethrow);
    }
    acceptor_.close();
  }

  asio::awaitable<void> talk(asio::ip::tcp::socket socket, std::size_t index) {
    for (const Step& step : script_[index]) {
      std::string request;
      auto [error, head] =
          co_await asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", kTuple);
      if (error) co_return;
      const std::size_t whole = head + body_size(request);
      const std::size_t missing = whole - request.size();
      request.resize(whole);
      auto [cut, count] =
          co_await asio::async_read(socket, asio::buffer(request.data() + whole - missing, missing), kTuple);
      if (cut) co_return;
      requests[index].push_back(request);
      if (on_request) on_request();
      auto [broken, written] = co_await asio::async_write(socket, asio::buffer(step.reply), kTuple);
      if (broken) co_return;
      if (step.stays) {
        char byte = 0;
        auto [closed, none] = co_await socket.async_read_some(asio::buffer(&byte, 1), kTuple);
        if (closed) co_return;
      }
    }
  }

  static std::size_t body_size(const std::string& request) {
    constexpr std::string_view kField = "Content-Length: ";
    const std::size_t at = request.find(kField);
    return at == std::string::npos ? 0 : std::stoul(request.substr(at + kField.size()));
  }

  asio::ip::tcp::acceptor acceptor_;
  std::vector<std::vector<Step>> script_;
  std::string url_;
};

}  // namespace sisyphus::net
