#pragma once

#include "core/clock.hpp"
#include "core/errc.hpp"
#include "core/text_tail.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sisyphus::actors {

// What the tools of one attempt said: a file of bounded size, of which the beginning and the end are kept,
// and the last lines in memory. Blocking, as the page cache takes what is written. A file that cannot be
// written costs the job nothing: it is told once, to who reads it too, and the last lines are there all the
// same.
class JobLog {
 public:
  static constexpr std::uint64_t kLimit = 4U << 20;  // of the file, bytes

  // The file is made by the first line.
  explicit JobLog(std::string path, std::uint64_t limit = kLimit);
  JobLog(const JobLog&) = delete;
  JobLog& operator=(const JobLog&) = delete;
  ~JobLog();  // puts the beginning and the end together

  void add(std::string_view line);  // what it has beyond LineSplitter::kMaxLine is dropped
  // Lines that come quickly are held back until there is a block of them, the next one comes later or this is
  // called: a tool may say gigabytes.
  void flush();
  // The last lines, at most 16 KiB, valid UTF-8.
  std::string tail() const { return tail_.text(); }

  // What the file holds while it grows, by places in all that was said (what is left out counts).
  std::uint64_t size() const;
  struct Piece {
    std::uint64_t at = 0;
    std::string text;  // whole lines, as the tools said them
  };
  // What is at `from`, the start of a line; where that is left out by now, what comes next. `most` is more
  // than a line takes.
  Result<Piece> read(std::uint64_t from, std::size_t most);
  // Where the last lines begin that `bytes` hold.
  Result<std::uint64_t> start_of_last(std::size_t bytes);
  // The line that stands for what cannot be had.
  static std::string rest_left_out(const Error& why);

 private:
  Result<void> open_next();
  Result<void> put_together();
  void told(const Result<void>& done);
  bool failed() const { return !why_no_more_.empty(); }

  const std::string path_;
  const std::string last_path_;    // the end so far, at most a quarter of the limit
  const std::string before_path_;  // the quarter before it
  const std::uint64_t limit_;
  UniqueFd file_;
  bool in_beginning_ = true;     // where file_ writes
  std::uint64_t beginning_ = 0;  // bytes that each part holds, and those between beginning and before
  std::uint64_t dropped_ = 0;
  std::uint64_t before_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t& part() { return in_beginning_ ? beginning_ : last_; }
  std::string unwritten_;  // whole lines of this part
  SteadyTime written_at_ = SteadyTime::min();
  std::string why_no_more_;  // rest_left_out(); empty: the file can be written
  TextTail tail_;
};

}  // namespace sisyphus::actors
