#pragma once

#include "app/terminal/job_line.hpp"
#include "core/clock.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sisyphus::app {

// Turns the changes of jobs into what is written to the terminal. No I/O: each call returns the bytes to
// write, which may be none. One owner, one thread.
class ProgressView {
 public:
  virtual ~ProgressView() = default;

  // The job as it is now; the first time, it is new.
  virtual std::string update(const JobShown& job, SteadyTime now) = 0;
  // The job is gone without an end.
  virtual std::string forget(const std::string& id, SteadyTime now) = 0;
  // A line for the person who watches, e.g. that the connection was lost.
  virtual std::string note(std::string_view text, SteadyTime now) = 0;
  // Nothing more comes: what was held back.
  virtual std::string close() = 0;
  // The terminal has another size from here on.
  virtual void resize(const Screen& screen) = 0;
};

constexpr Millis kRedrawInterval{100};

// Lines that are redrawn in place, with ANSI codes, at most once in kRedrawInterval while only progress
// changes. A job that ended leaves its line and scrolls away. Jobs that do not fit are counted in the last
// line.
std::unique_ptr<ProgressView> make_live_view(const Screen& screen);

// A line on each change of state or task, and on every ten percent points.
std::unique_ptr<ProgressView> make_plain_view(bool utf8);

// One JSON object a line for each change: event ("state", "progress", "removed", "note"), job_id, job_title,
// state, …
std::unique_ptr<ProgressView> make_json_view();

}  // namespace sisyphus::app
