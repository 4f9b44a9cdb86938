#pragma once

#include <asio/any_io_executor.hpp>
#include <spdlog/sinks/base_sink.h>

#include <mutex>

namespace sisyphus::app {

// Log lines to standard error, those of one turn of the event loop with one write(2): a busy server logs
// several lines for each job. Warnings and worse are written at once. Any thread.
class TurnSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ~TurnSink() override;
  // From now on lines may wait for a turn of this loop, which is running; until detach().
  void attach(asio::any_io_executor loop);
  void detach();

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;
  void end_turn();

  asio::any_io_executor loop_;  // empty: every line is written at once
  spdlog::memory_buf_t lines_;
  bool posted_ = false;
};

}  // namespace sisyphus::app
