#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace sisyphus::app {

// "2026-01-31T12:00:00.123Z info message": UTC, and one line whatever the message holds, since titles, file
// names and what tools say come from elsewhere. spdlog's pattern does the same in five times the
// instructions, and a busy server logs three lines for each job.
class LogLine final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

}  // namespace sisyphus::app
