#pragma once

#include "core/bell.hpp"
#include "core/services.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sisyphus::actors {

// One who reads a log, behind a buffer that is bounded: a reader that is too slow is told so and left behind.
// One loop.
class LogReader final : public EventStream {
 public:
  static constexpr std::size_t kMostBehind = 512U << 10;  // bytes

  // `on_gone` is called at its end, by which time nobody may hold it any more.
  LogReader(const asio::any_io_executor& executor, std::size_t lines, bool follow,
            std::function<void(LogReader&)> on_gone);
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  ~LogReader() override;

  // What the log holds already, of which the reader gets its last lines; one that does not follow ends here.
  void begin(std::string_view recent);
  void add(std::string_view text);
  void say(std::string_view text);            // a line of the server's own
  void end();                                 // that was all; what is there is still read
  void break_off(std::string_view why = {});  // more was to come, but not to this reader

  // Waits for begin(). False when `deadline` or end() came first.
  asio::awaitable<bool> wait_begun(SteadyTime deadline);
  bool begun() const { return begun_; }
  bool follows() const { return follow_; }
  bool closed() const { return ended_; }  // it takes no more

  asio::awaitable<std::shared_ptr<const std::string>> next(Millis timeout, std::stop_token hangup) override;
  bool ended() const override { return ended_ && text_.empty(); }
  bool broken() const override { return broken_; }

 private:
  const std::size_t lines_;
  const bool follow_;
  const std::function<void(LogReader&)> on_gone_;
  std::string text_;  // that was not read yet
  Bell bell_;
  bool begun_ = false;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace sisyphus::actors
