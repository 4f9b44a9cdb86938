#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sisyphus {

// Turns pieces of text, as they come out of a pipe, into lines. "\n", "\r" and "\r\n" end a line (ffmpeg
// rewrites its statistics with '\r'). What a line has beyond kMaxLine bytes is dropped, so memory stays
// bounded.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = 64U << 10U;

  // `on_line` gets each line without its end, valid during the call only. Empty: lines are thrown away.
  explicit LineSplitter(std::function<void(std::string_view)> on_line);

  void feed(std::string_view bytes);
  void finish();  // end of file: delivers a last line that had no end

 private:
  void append(std::string_view part);
  void end_line(std::string_view last_part);

  std::function<void(std::string_view)> on_line_;
  std::string partial_;    // the beginning of a line whose end has not come yet
  bool after_cr_ = false;  // a '\n' now belongs to the line that was delivered
};

}  // namespace sisyphus
