#pragma once

#include "core/errc.hpp"
#include "core/text_tail.hpp"
#include "core/unique_fd.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sisyphus::actors {

// What the tools of one attempt said: a file of bounded size, of which the beginning and the end are kept,
// and the last lines in memory. Blocking, as the page cache takes what is written. A file that cannot be
// written costs the job nothing: it is told once, and the last lines are there all the same.
class JobLog {
 public:
  static constexpr std::uint64_t kLimit = 4U << 20;  // of the file, bytes

  // The file is made by the first line.
  explicit JobLog(std::string path, std::uint64_t limit = kLimit);
  JobLog(const JobLog&) = delete;
  JobLog& operator=(const JobLog&) = delete;
  ~JobLog();  // puts the beginning and the end together

  void add(std::string_view line);
  // The last lines, at most 16 KiB, valid UTF-8.
  std::string tail() const { return tail_.text(); }

 private:
  void write(std::string_view bytes);
  Result<void> open_next();
  Result<void> put_together();
  void told(const Result<void>& done);

  const std::string path_;
  const std::string last_path_;    // the end so far, at most a quarter of the limit
  const std::string before_path_;  // the quarter before it
  const std::uint64_t limit_;
  UniqueFd file_;
  bool in_beginning_ = true;
  std::uint64_t written_ = 0;  // to file_
  std::uint64_t dropped_ = 0;
  std::uint64_t before_size_ = 0;  // of the quarter before; 0: there is none
  bool failed_ = false;
  TextTail tail_;
};

}  // namespace sisyphus::actors
