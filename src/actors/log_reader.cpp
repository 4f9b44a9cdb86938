#include "actors/log_reader.hpp"

#include "core/text_tail.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace sisyphus::actors {
namespace {

std::string line_of_the_server(std::string_view text) {
  return fmt::format("[sisyphus: {}]\n", text);
}

}  // namespace

LogReader::LogReader(const asio::any_io_executor& executor, std::size_t lines, bool follow,
                     std::function<void(LogReader&)> on_gone)
    : lines_(lines), follow_(follow), on_gone_(std::move(on_gone)), bell_(executor) {}

LogReader::~LogReader() {
  on_gone_(*this);
}

void LogReader::begin(std::string_view recent) {
  begun_ = true;
  add(last_lines(recent, lines_));
  if (!follow_) end();
  bell_.ring();
}

void LogReader::add(std::string_view text) {
  if (ended_ || text.empty()) return;
  if (text_.size() + text.size() > kMostBehind) {
    spdlog::warn("log_reader_too_slow unread={}", text_.size());
    return break_off("this reader is too slow and is left behind here");
  }
  text_ += text;
  bell_.ring();
}

void LogReader::say(std::string_view text) {
  add(line_of_the_server(text));
}

void LogReader::end() {
  ended_ = true;
  bell_.ring();
}

void LogReader::break_off(std::string_view why) {
  if (ended_) return;
  if (begun_ && !why.empty()) text_ += line_of_the_server(why);
  broken_ = true;
  end();
}

asio::awaitable<bool> LogReader::wait_begun(SteadyTime deadline) {
  while (!begun_ && !ended_) {
    const bool rang = co_await bell_.wait_until(deadline);
    if (!rang) break;
  }
  co_return begun_;
}

asio::awaitable<std::shared_ptr<const std::string>> LogReader::next(Millis timeout, std::stop_token hangup) {
  const std::stop_callback on_hangup(hangup, [this] { break_off(); });
  const SteadyTime deadline = std::chrono::steady_clock::now() + timeout;
  while (text_.empty() && !ended_) {
    const bool rang = co_await bell_.wait_until(deadline);
    if (!rang) break;
  }
  if (text_.empty()) co_return nullptr;
  co_return std::make_shared<const std::string>(std::exchange(text_, {}));
}

}  // namespace sisyphus::actors
