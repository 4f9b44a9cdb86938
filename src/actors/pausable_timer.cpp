#include "actors/pausable_timer.hpp"

#include <algorithm>
#include <utility>

namespace sisyphus::actors {

void PausableTimer::start(Millis span, std::function<void()> on_end) {
  cancel();
  on_end_ = std::move(on_end);
  left_ = span;
  if (!paused_) arm();
}

void PausableTimer::cancel() {
  disarm();
  left_.reset();
}

void PausableTimer::pause() {
  if (std::exchange(paused_, true) || !left_) return;
  const auto used = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - armed_at_);
  left_ = std::max(*left_ - used, Millis(0));
  disarm();
}

void PausableTimer::resume() {
  if (std::exchange(paused_, false) && left_) arm();
}

void PausableTimer::arm() {
  armed_ = std::make_shared<const bool>(true);
  armed_at_ = std::chrono::steady_clock::now();
  timer_.expires_after(*left_);
  timer_.async_wait([this, armed = std::weak_ptr<const bool>(armed_)](std::error_code error) {
    if (error || armed.expired()) return;
    left_.reset();
    on_end_();
  });
}

void PausableTimer::disarm() {
  armed_.reset();
  timer_.cancel();
}

}  // namespace sisyphus::actors
