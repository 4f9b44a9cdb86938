#include "app/terminal/progress_view.hpp"
#include "app/terminal/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace sisyphus::app {
namespace {

constexpr std::string_view kEraseToLineEnd = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";

class LiveView final : public ProgressView {
 public:
  explicit LiveView(const Screen& screen) : screen_(screen) {}

  std::string update(const JobShown& job, SteadyTime now) override {
    const auto known = find(job.id);
    if (is_terminal(job.state)) {
      if (known != jobs_.end()) jobs_.erase(known);
      std::string above = job_line(job, screen_) + "\n";
      for (const std::string& output : job.outputs)
        above += fmt::format("  {}\n", printable(output, screen_.utf8));
      return draw(above, now);
    }
    const bool only_progress = known != jobs_.end() && known->state == job.state;
    if (known == jobs_.end()) {
      jobs_.push_back(job);
    } else {
      *known = job;
    }
    if (only_progress && drawn_at_ && now - *drawn_at_ < kRedrawInterval) {
      held_back_ = true;
      return {};
    }
    return draw({}, now);
  }

  std::string forget(const std::string& id, SteadyTime now) override {
    const auto known = find(id);
    if (known == jobs_.end()) return {};
    jobs_.erase(known);
    return draw({}, now);
  }

  std::string note(std::string_view text, SteadyTime now) override {
    return draw(printable(text, screen_.utf8) + "\n", now);
  }

  std::string close() override {
    const std::string last = held_back_ ? draw({}, drawn_at_.value_or(SteadyTime{})) : std::string();
    lines_ = 0;  // they stay where they are
    return last;
  }

  void resize(const Screen& screen) override { screen_ = screen; }

 private:
  std::vector<JobShown>::iterator find(const std::string& id) {
    return std::find_if(jobs_.begin(), jobs_.end(), [&id](const JobShown& job) { return job.id == id; });
  }

  // Moves back over the lines of the last time, writes `above` for good and the jobs anew.
  std::string draw(std::string_view above, SteadyTime now) {
    std::string text;
    if (lines_ > 0) text += fmt::format("\x1b[{}A", lines_);
    for (std::size_t at = 0; at < above.size();) {
      const std::size_t end = above.find('\n', at);
      text.append(above.substr(at, end - at)).append(kEraseToLineEnd).push_back('\n');
      at = end + 1;
    }
    std::stable_sort(jobs_.begin(), jobs_.end(),
                     [](const JobShown& a, const JobShown& b) { return rank(a.state) < rank(b.state); });
    const std::size_t room = std::max<std::size_t>(screen_.rows, 3) - 2;
    const std::size_t shown = jobs_.size() <= room ? jobs_.size() : room - 1;
    for (std::size_t i = 0; i < shown; ++i) {
      text.append(job_line(jobs_[i], screen_)).append(kEraseToLineEnd).push_back('\n');
    }
    if (shown < jobs_.size()) {
      text += fmt::format("and {} more{}\n", jobs_.size() - shown, kEraseToLineEnd);
    }
    text += kEraseBelow;
    lines_ = shown + (shown < jobs_.size() ? 1 : 0);
    drawn_at_ = now;
    held_back_ = false;
    return text;
  }

  // What moves is on top.
  static int rank(JobState state) {
    if (state == JobState::running || state == JobState::cancelling) return 0;
    return state == JobState::paused ? 1 : 2;
  }

  Screen screen_;
  std::vector<JobShown> jobs_;
  std::size_t lines_ = 0;  // of the last drawing
  std::optional<SteadyTime> drawn_at_;
  bool held_back_ = false;
};

}  // namespace

std::unique_ptr<ProgressView> make_live_view(const Screen& screen) {
  return std::make_unique<LiveView>(screen);
}

}  // namespace sisyphus::app
