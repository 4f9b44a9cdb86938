#pragma once

#include "net/client_connection.hpp"

#include <asio/awaitable.hpp>

#include <memory>
#include <string>
#include <system_error>

namespace sisyphus::net {

// Reads one HTTP/1.1 reply from a connection, as it comes. Outlived by the connection.
class ReplyReader {
 public:
  explicit ReplyReader(ClientConnection& connection);
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;
  ~ReplyReader();

  // Reads once and takes what came. An error of the connection, or std::errc::bad_message (malformed() says
  // why). The end of the connection is success where it is the end of the reply (RFC 9112, 6.3).
  asio::awaitable<std::error_code> more();

  bool heard() const;                    // a byte came
  bool header_done() const;              // status and content_type may be asked
  bool done() const;                     // the whole reply is there
  bool reusable() const;                 // the connection may be used again: asked when done
  const std::string& malformed() const;  // empty: it is not

  int status() const;
  std::string content_type() const;
  std::string take_body();  // what came since the last call
  void lift_body_limit();   // of 64 MiB; for streams, whose body is taken as it comes

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sisyphus::net
