#pragma once

#include "core/errc.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::net {

// One event of a text/event-stream (HTML Living Standard, 9.2).
struct ServerEvent {
  std::string id;
  std::string type;  // "message" when none was given
  std::string data;

  bool operator==(const ServerEvent&) const = default;
};

constexpr std::size_t kMaxEventBytes = 16U << 20U;  // of one line, and of the data of one event

// Turns the bytes of an event stream into events (HTML Living Standard, 9.2.6), however they are cut into
// pieces. No I/O. A `retry` field is passed over: the caller's backoff decides.
class SseParser {
 public:
  // The events that `bytes` completed, in order. Errc::too_large past kMaxEventBytes; the parser is of no use
  // then.
  Result<std::vector<ServerEvent>> feed(std::string_view bytes);

 private:
  void take_line(std::vector<ServerEvent>& events);
  void dispatch(std::vector<ServerEvent>& events);

  std::string line_;           // of which no end was seen yet
  std::string last_event_id_;  // stays for the events that give none
  std::string type_;
  std::string data_;        // each data line with a line feed behind it
  bool after_cr_ = false;   // a line feed that comes next belongs to the line before
  bool first_line_ = true;  // may begin with a byte order mark
};

}  // namespace sisyphus::net
