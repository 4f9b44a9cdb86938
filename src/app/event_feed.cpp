#include "app/event_feed.hpp"

#include "core/asio_tokens.hpp"
#include "net/api_client.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

namespace sisyphus::app {
namespace {

constexpr std::size_t kMaxWaiting = 4096;  // items that were not asked for yet

bool may_pass(Errc code) {
  return code == Errc::network || code == Errc::timeout || code == Errc::unavailable;
}

}  // namespace

struct EventFeed::State {
  State(const asio::any_io_executor& executor, net::ApiClient& client, std::string job, Backoff delays)
      : api(client), id(std::move(job)), backoff(delays), bell(executor), pause(executor) {}

  void push(FeedItem item) {
    if (waiting.size() >= kMaxWaiting) {
      waiting.clear();
      item = {FeedItem::Kind::event, {last_event_id, "resync", "{}"}, {}};
    }
    waiting.push_back(std::move(item));
    bell.cancel();
  }

  net::ApiClient& api;
  std::string id;
  Backoff backoff;
  std::string last_event_id;
  std::deque<FeedItem> waiting;
  std::optional<Error> ended;
  std::exception_ptr thrown;
  bool opened = false;      // at least once
  Millis delay{0};          // before the next stream is opened
  asio::steady_timer bell;  // cancelled when something was pushed
  asio::steady_timer pause;
  asio::cancellation_signal cancel;
};

EventFeed::EventFeed(asio::any_io_executor executor, net::ApiClient& api, std::string id, Backoff backoff)
    : state_(std::make_shared<State>(executor, api, std::move(id), backoff)) {
  const auto when_ended = [state = state_](std::exception_ptr error) {
    state->thrown = error;
    state->bell.cancel();
  };
  asio::co_spawn(executor, read(state_), asio::bind_cancellation_slot(state_->cancel.slot(), when_ended));
}

EventFeed::~EventFeed() {
  state_->cancel.emit(asio::cancellation_type::terminal);
}

asio::awaitable<Result<FeedItem>> EventFeed::next() {
  while (state_->waiting.empty()) {
    if (state_->thrown) std::rethrow_exception(state_->thrown);
    if (state_->ended) co_return *state_->ended;
    state_->bell.expires_at(SteadyTime::max());
    co_await state_->bell.async_wait(kTuple);  // always ends by a cancel(): no timer runs that long
  }
  FeedItem item = std::move(state_->waiting.front());
  state_->waiting.pop_front();
  co_return item;
}

asio::awaitable<void> EventFeed::read(std::shared_ptr<State> state) {
  // Called by the stream within this coroutine's life: the plain pointer is good.
  State* const feed = state.get();
  const std::function<void()> on_open = [feed] {
    feed->opened = true;
    feed->delay = feed->backoff.first;
    feed->push({FeedItem::Kind::opened, {}, {}});
  };
  const std::function<bool(const net::ServerEvent&)> on_event = [feed](const net::ServerEvent& event) {
    feed->last_event_id = event.id;
    feed->push({FeedItem::Kind::event, event, {}});
    return true;
  };
  feed->delay = feed->backoff.first;
  while (true) {
    const Result<void> result = co_await feed->api.events(feed->id, feed->last_event_id, on_open, on_event);
    if (!feed->opened || !may_pass(result.error().code)) {
      feed->ended = result.error();
      co_return;
    }
    feed->push({FeedItem::Kind::broken, {}, result.error()});
    feed->pause.expires_after(feed->delay);
    feed->delay = std::min(feed->delay * 2, feed->backoff.most);
    auto [error] = co_await feed->pause.async_wait(kTuple);
    if (error) co_return;
  }
}

}  // namespace sisyphus::app
