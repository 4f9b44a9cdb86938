#pragma once

#include "core/clock.hpp"
#include "core/errc.hpp"
#include "net/sse_parser.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <string>

namespace sisyphus::net {
class ApiClient;
}

namespace sisyphus::app {

struct FeedItem {
  enum class Kind {
    opened,  // events flow (again): what is known from before may be old
    event,
    broken,  // the stream broke for `error`; it is being opened again
  };
  Kind kind = Kind::event;
  net::ServerEvent event;
  Error error;
};

struct Backoff {
  Millis first{500};
  Millis most{10'000};
};

// The server's events, from streams that are opened again, with Last-Event-ID, when they break. Reads in a
// coroutine of its own, which the destructor cancels; the loop must run on until that has ended. A reader
// that is slow is given a "resync" event in place of what it missed.
class EventFeed {
 public:
  // Of the job `id`, or of all where it is empty. `api` outlives the loop's run.
  EventFeed(asio::any_io_executor executor, net::ApiClient& api, std::string id, Backoff backoff = {});
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  ~EventFeed();

  // The next item. An error ends the feed: the first stream could not be opened, or the server refused one.
  asio::awaitable<Result<FeedItem>> next();

 private:
  struct State;
  static asio::awaitable<void> read(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sisyphus::app
