#include "app/turn_sink.hpp"

#include <asio/post.hpp>

#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace sisyphus::app {

TurnSink::~TurnSink() {
  flush_();
}

void TurnSink::attach(asio::any_io_executor loop) {
  const std::lock_guard lock(mutex_);
  loop_ = std::move(loop);
}

void TurnSink::detach() {
  const std::lock_guard lock(mutex_);
  loop_ = {};
  posted_ = false;
  flush_();
}

void TurnSink::sink_it_(const spdlog::details::log_msg& message) {
  formatter_->format(message, lines_);
  if (!loop_ || message.level >= spdlog::level::warn) return flush_();
  if (std::exchange(posted_, true)) return;
  asio::post(loop_, [this] { end_turn(); });
}

void TurnSink::end_turn() {
  const std::lock_guard lock(mutex_);
  posted_ = false;
  flush_();
}

void TurnSink::flush_() {
  for (std::size_t at = 0; at < lines_.size();) {
    const ssize_t written = ::write(STDERR_FILENO, lines_.data() + at, lines_.size() - at);
    if (written > 0) at += static_cast<std::size_t>(written);
    if (written >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) break;              // nobody reads the log: there is nobody to tell
    pollfd full{STDERR_FILENO, POLLOUT, 0};  // somebody made it non-blocking, and reads slowly
    ::poll(&full, 1, -1);
  }
  lines_.clear();
}

}  // namespace sisyphus::app
