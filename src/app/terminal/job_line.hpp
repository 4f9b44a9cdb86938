#pragma once

#include "core/job.hpp"
#include "core/progress.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sisyphus::app {

// What is known of a job that is being watched. Texts as they came, not yet made printable.
struct JobShown {
  std::string id;
  std::string title;
  JobState state = JobState::queued;
  std::string task;            // module of the task that runs
  std::size_t task_index = 0;  // from 0
  std::size_t task_count = 0;  // 0: not known
  Progress progress;           // of that task
  std::optional<double> job_percent;
  std::optional<double> job_eta_s;
  std::string hostname;              // of the worker, where it has one
  std::string message;               // why it failed, is held or waits
  std::vector<std::string> outputs;  // files it made, told when it is completed

  bool operator==(const JobShown&) const = default;
};

// Where lines go.
struct Screen {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool utf8 = true;  // block characters may be used

  std::string_view ellipsis() const { return utf8 ? "…" : "~"; }
};

// The first eight characters of a job's id: enough to name it to a command.
std::string_view short_id(std::string_view id);

// "1/2 ffmpeg": the task, and the phase where its tool tells one.
std::string task_text(const JobShown& job, bool utf8);

// "42.3%  118 fps  4.90x  ETA 1:23": what of it is known.
std::string numbers_text(const Progress& progress);

// "56.3%  ETA 2:10": of the whole job, what of it is known.
std::string job_numbers_text(std::optional<double> percent, std::optional<double> eta_s);

// A bar of `columns` for 0..100 percent; in UTF-8 it grows by eighths of a column.
std::string bar_text(double percent, std::size_t columns, bool utf8);

// One line for a job, no wider than the screen, without a line end: title, task, bar and numbers while it
// runs, else title and state with the reason.
std::string job_line(const JobShown& job, const Screen& screen);

// "completed", "failed: reason", "queued (reason)", "running on HOST".
std::string state_text(const JobShown& job, bool utf8);

}  // namespace sisyphus::app
