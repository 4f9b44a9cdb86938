#include "actors/event_queue.hpp"

namespace sisyphus::actors {

bool EventQueue::push(std::shared_ptr<const std::string> event) {
  if (ended_) return true;
  if (events_.size() >= kLimit) return false;
  events_.push_back(std::move(event));
  bell_.ring();
  return true;
}

void EventQueue::end() {
  ended_ = true;
  bell_.ring();
}

asio::awaitable<std::shared_ptr<const std::string>> EventQueue::next(Millis timeout, std::stop_token hangup) {
  const std::stop_callback on_hangup(hangup, [this] { end(); });
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  while (events_.empty() && !ended_) {
    const bool rang = co_await bell_.wait_until(deadline);
    if (!rang) break;
  }
  if (events_.empty()) co_return nullptr;
  auto event = std::move(events_.front());
  events_.pop_front();
  co_return event;
}

}  // namespace sisyphus::actors
