#include "app/terminal/job_line.hpp"

#include "app/terminal/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sisyphus::app {
namespace {

constexpr std::size_t kShortIdSize = 8;
constexpr std::size_t kMinTitle = 8;  // columns
constexpr std::size_t kMaxTitle = 32;
constexpr std::size_t kMinBar = 8;
constexpr std::size_t kMaxBar = 40;
constexpr std::size_t kMaxTask = 24;

}  // namespace

std::string_view short_id(std::string_view id) {
  return id.substr(0, kShortIdSize);
}

std::string task_text(const JobShown& job, bool utf8) {
  std::string text;
  if (job.task_count > 0) text = fmt::format("{}/{} ", job.task_index + 1, job.task_count);
  text += printable(job.task, utf8);
  if (!job.progress.phase.empty()) text += fmt::format(" ({})", printable(job.progress.phase, utf8));
  return text;
}

std::string numbers_text(const Progress& progress) {
  std::string text;
  const auto add = [&text](const std::string& word) {
    if (!text.empty()) text += "  ";
    text += word;
  };
  if (progress.percent) add(fmt::format("{:.1f}%", std::clamp(*progress.percent, 0.0, 100.0)));
  if (!progress.percent && progress.frame) add(fmt::format("frame {}", *progress.frame));
  if (progress.fps) add(fmt::format("{:.{}f} fps", *progress.fps, *progress.fps < 10 ? 1 : 0));
  if (progress.speed) add(fmt::format("{:.2f}x", *progress.speed));
  if (progress.eta_s) add("ETA " + clock_text(*progress.eta_s));
  return text;
}

std::string job_numbers_text(std::optional<double> percent, std::optional<double> eta_s) {
  Progress whole;
  whole.percent = percent;
  whole.eta_s = eta_s;
  return numbers_text(whole);
}

std::string bar_text(double percent, std::size_t columns, bool utf8) {
  const double share = std::isfinite(percent) ? std::clamp(percent, 0.0, 100.0) / 100.0 : 0.0;
  std::string bar;
  if (!utf8) {
    const auto full = static_cast<std::size_t>(share * static_cast<double>(columns));
    bar.append(full, '#').append(columns - full, '-');
    return "[" + bar + "]";
  }
  static constexpr std::array<std::string_view, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(share * static_cast<double>(columns) * 8);
  for (std::size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  const std::size_t used = eighths / 8 + (eighths % 8 != 0 ? 1 : 0);
  for (std::size_t i = used; i < columns; ++i) bar += "░";
  return bar;
}

std::string state_text(const JobShown& job, bool utf8) {
  const std::string state = to_string(job.state);
  if (job.state == JobState::running && !job.hostname.empty()) {
    return fmt::format("running on {}", printable(job.hostname, utf8));
  }
  if (job.message.empty()) return state;
  const std::string message = printable(job.message, utf8);
  return is_terminal(job.state) ? fmt::format("{}: {}", state, message)
                                : fmt::format("{} ({})", state, message);
}

std::string job_line(const JobShown& job, const Screen& screen) {
  const std::string name = printable(
      job.title.empty() ? std::string_view(short_id(job.id)) : std::string_view(job.title), screen.utf8);
  const std::size_t wanted = std::clamp(columns_of(name), kMinTitle, kMaxTitle);
  // The last column stays empty: some terminals wrap a line that fills it.
  const std::size_t width = screen.columns - std::min<std::size_t>(screen.columns, 1);
  const bool drawn = (job.state == JobState::running || job.state == JobState::paused) && !job.task.empty();
  if (!drawn) {
    return shortened(padded(name, wanted, screen.ellipsis()) + "  " + state_text(job, screen.utf8), width,
                     screen.ellipsis());
  }

  const std::string task = shortened(task_text(job, screen.utf8), kMaxTask, screen.ellipsis());
  std::string numbers = numbers_text(job.progress);
  if (job.state == JobState::paused) numbers += numbers.empty() ? "paused" : "  paused";
  // What does not fit goes in this order: the numbers of the whole job, the bar, then all but the start of
  // the title, then the end of the line.
  const std::size_t brackets = screen.utf8 ? 0 : 2;
  std::size_t fixed = columns_of(task) + columns_of(numbers) + 4;
  if (job.task_count > 1 && job.job_percent) {  // of a job of one task they say nothing new
    const std::string whole = "  job " + job_numbers_text(job.job_percent, job.job_eta_s);
    if (width >= fixed + columns_of(whole) + wanted + kMinBar + brackets + 2) {
      numbers += whole;
      fixed += columns_of(whole);
    }
  }
  std::string bar;
  if (job.progress.percent && width >= fixed + wanted + kMinBar + brackets + 2) {
    const std::size_t columns = std::min(kMaxBar, width - fixed - wanted - brackets - 2);
    bar = bar_text(*job.progress.percent, columns, screen.utf8) + "  ";
  }
  const std::size_t title =
      bar.empty() ? std::clamp(width - std::min(width, fixed), kMinTitle, wanted) : wanted;
  const std::string line =
      fmt::format("{}  {}  {}{}", padded(name, title, screen.ellipsis()), task, bar, numbers);
  return shortened(line, width, screen.ellipsis());
}

}  // namespace sisyphus::app
