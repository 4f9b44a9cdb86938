#include "app/terminal/progress_view.hpp"
#include "app/terminal/text.hpp"

#include <fmt/format.h>

#include <map>

namespace sisyphus::app {
namespace {

constexpr double kStep = 10;  // percent points

class PlainView final : public ProgressView {
 public:
  explicit PlainView(bool utf8) : utf8_(utf8) {}

  std::string update(const JobShown& job, SteadyTime) override {
    const auto [at, is_new] = told_.try_emplace(job.id);
    Told& told = at->second;
    std::string text;
    const std::string state = state_text(job, utf8_);
    if (is_new || told.state != state) {
      text += line(job, state);
      for (const std::string& output : job.outputs) text += fmt::format("  {}\n", printable(output, utf8_));
    }
    told.state = state;
    if (is_terminal(job.state)) {
      told_.erase(at);
    } else if (job.state == JobState::running && !job.task.empty()) {
      text += progress(job, told);
    }
    return text;
  }

  std::string forget(const std::string& id, SteadyTime) override {
    if (told_.erase(id) == 0) return {};
    return fmt::format("{}: removed\n", short_id(id));
  }

  std::string note(std::string_view text, SteadyTime) override { return printable(text, utf8_) + "\n"; }
  std::string close() override { return {}; }
  void resize(const Screen&) override {}

 private:
  // What was said of a job last.
  struct Told {
    std::string state;
    std::string task;  // as task_text
    int steps = 0;     // of kStep, of that task
  };

  std::string progress(const JobShown& job, Told& told) const {
    const std::string task = task_text(job, utf8_);
    const int steps = static_cast<int>(job.progress.percent.value_or(0) / kStep);
    if (told.task == task && told.steps >= steps) return {};
    told.task = task;
    told.steps = steps;
    const std::string numbers = numbers_text(job.progress);
    return line(job, numbers.empty() ? task : task + "  " + numbers);
  }

  std::string line(const JobShown& job, std::string_view text) const {
    std::string name = printable(short_id(job.id), utf8_);
    if (!job.title.empty()) name += (name.empty() ? "" : " ") + printable(job.title, utf8_);
    return fmt::format("{}: {}\n", name, text);
  }

  bool utf8_;
  std::map<std::string, Told> told_;  // by job id
};

}  // namespace

std::unique_ptr<ProgressView> make_plain_view(bool utf8) {
  return std::make_unique<PlainView>(utf8);
}

}  // namespace sisyphus::app
