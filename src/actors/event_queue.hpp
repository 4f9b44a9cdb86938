#pragma once

#include "core/bell.hpp"
#include "core/services.hpp"

#include <deque>
#include <memory>
#include <string>

namespace sisyphus::actors {

// The bounded queue behind one reader of a stream. One thread.
class EventQueue : public EventStream {
 public:
  static constexpr std::size_t kLimit = 1024;  // events

  explicit EventQueue(const asio::any_io_executor& executor) : bell_(executor) {}

  // False when it is full: the caller decides what that means.
  bool push(std::shared_ptr<const std::string> event);
  void clear() { events_.clear(); }
  void end();  // no more come; what is queued is still delivered

  asio::awaitable<std::shared_ptr<const std::string>> next(Millis timeout, std::stop_token hangup) override;
  bool ended() const override { return ended_ && events_.empty(); }

 private:
  std::deque<std::shared_ptr<const std::string>> events_;
  Bell bell_;
  bool ended_ = false;
};

}  // namespace sisyphus::actors
