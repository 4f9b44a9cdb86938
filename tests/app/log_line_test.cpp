#include "app/log_line.hpp"

#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

namespace sisyphus::app {
namespace {

class LogLineTest : public testing::Test {
 protected:
  std::string line(std::string_view message, std::int64_t millis = 0,
                   spdlog::level::level_enum level = spdlog::level::info) {
    const spdlog::log_clock::time_point when{std::chrono::milliseconds(millis)};
    const spdlog::details::log_msg said(when, {}, "", level, {message.data(), message.size()});
    spdlog::memory_buf_t out;
    format_.format(said, out);
    return {out.data(), out.size()};
  }

  LogLine format_;
};

TEST_F(LogLineTest, BeginsWithTheTimeInUtcAndTheLevel) {
  EXPECT_EQ(line("x", 1'769'860'800'007), "2026-01-31T12:00:00.007Z info x\n");
  EXPECT_EQ(line("y", 1'769'860'800'999, spdlog::level::warn), "2026-01-31T12:00:00.999Z warning y\n");
  EXPECT_EQ(line("z", 1'769'860'801'000, spdlog::level::err), "2026-01-31T12:00:01.000Z error z\n");
}

TEST_F(LogLineTest, TimeMayGoBack) {
  EXPECT_EQ(line("x", 1'000), "1970-01-01T00:00:01.000Z info x\n");
  EXPECT_EQ(line("x", 0), "1970-01-01T00:00:00.000Z info x\n");
}

TEST_F(LogLineTest, IsOneLineWhateverTheMessageHolds) {
  EXPECT_EQ(line("a\nb\r\x1b[31m\x7f\tü"), "1970-01-01T00:00:00.000Z info a\\nb\\x0d\\x1b[31m\\x7f\\x09ü\n");
  EXPECT_EQ(line(std::string(10'000, 'x')).size(), 10'000U + 31);
}

}  // namespace
}  // namespace sisyphus::app
