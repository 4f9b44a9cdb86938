#pragma once

#include "net/http_message.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sisyphus::net {

struct HttpLimits {
  std::size_t header = 8U << 10;  // bytes of request line and header fields
  std::size_t body = 8U << 20;    // bytes
};

// HTTP/1.1 requests out of bytes (RFC 9112), without a socket. Feed it what has come; it takes what belongs
// to the present request and leaves the rest, which may be the next one.
class RequestParser {
 public:
  explicit RequestParser(HttpLimits limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class State { more, complete, failed };
  // Returns how many bytes of `bytes` were used up; those that were not must be given again, with more behind
  // them.
  std::size_t feed(std::string_view bytes, State& state);

  bool started() const;  // at least one byte was used or is needed
  bool wants_continue()
      const;  // the header is whole and the client waits for "100 Continue" (RFC 9110, 10.1.1)
  // Whole after State::complete; its memory serves the next one, but for that of a large body.
  HttpRequest& request();
  void next();                            // be ready for the next request: this one is forgotten
  int status() const { return status_; }  // after State::failed: 400, 413 or 431
  const std::string& reason() const { return reason_; }

 private:
  struct Impl;
  HttpLimits limits_;
  std::unique_ptr<Impl> impl_;  // of the present request
  RecentTargets targets_;
  int status_ = 400;
  std::string reason_;
};

// Appends the status line and the header fields, with the empty line. `keep_alive`: whether the connection
// stays.
void append_head(const HttpResponse& response, bool keep_alive, std::string_view allow_origin,
                 std::string& out);
const char* reason_phrase(int status);

}  // namespace sisyphus::net
