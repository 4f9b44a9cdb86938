#pragma once

#include "core/clock.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace sisyphus::actors {

// Calls back once when a span of time is over in which pauses do not count. On the loop's thread; nothing is
// called after cancel() or the timer's end.
class PausableTimer {
 public:
  explicit PausableTimer(const asio::any_io_executor& executor) : timer_(executor) {}

  void start(Millis span, std::function<void()> on_end);  // in place of what was started before
  void cancel();
  void pause();  // also what is started later
  void resume();

 private:
  void arm();
  void disarm();

  asio::steady_timer timer_;
  std::function<void()> on_end_;
  std::optional<Millis> left_;  // when it was armed; none: not started
  SteadyTime armed_at_{};
  bool paused_ = false;
  std::shared_ptr<const bool>
      armed_;  // a wait whose time is over may still be queued: it looks whether this lives
};

}  // namespace sisyphus::actors
