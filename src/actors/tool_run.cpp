#include "actors/tool_run.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace sisyphus::actors {
namespace {

constexpr Millis kPatience{2000};  // for pipes after the exit, and for death after SIGKILL (semantics C2, C3)

struct GuardReport {
  std::string_view what;
  int number = 0;
};

// Nothing for what no guard of ours says.
std::optional<GuardReport> parse(std::string_view line) {
  if (line == "empty") return GuardReport{line};
  for (const std::string_view what : {"started", "failed", "refused", "exited", "signalled"}) {
    if (!line.starts_with(what)) continue;
    const auto number = line.substr(what.size());
    GuardReport report{what};
    const auto* last = number.data() + number.size();
    if (!number.starts_with(' ')) return std::nullopt;
    const auto [stop, error] = std::from_chars(number.data() + 1, last, report.number);
    if (error != std::errc{} || stop != last) return std::nullopt;
    return report;
  }
  return std::nullopt;
}

}  // namespace

ToolRun::ToolRun(modules::StopPolicy policy, Millis grace) : policy_(policy), grace_(grace) {}

void ToolRun::guard_said(std::string_view line, SteadyTime now) {
  const auto report = parse(line);
  if (!report) {
    not_understood_ = line;
    kill_by(now);
  } else if (report->what == "started") {
    pid_ = report->number;
  } else if (report->what == "empty") {
    empty_at_ = now;
  } else {
    ended_ = true;
    end_.stopped = asked_at_.has_value();
    if (report->what == "failed" || report->what == "refused") {
      launch_error_ = report->number;
      refused_ = report->what == "refused";
    } else if (report->what == "exited") {
      end_.exit_code = report->number;
    } else {
      end_.signal = report->number;
    }
    kill_by(now + kPatience);
  }
}

void ToolRun::guard_hung_up() {
  hung_up_ = true;
}

void ToolRun::pipes_ended() {
  pipes_ended_ = true;
}

void ToolRun::stop(SteadyTime now) {
  if (policy_ == modules::StopPolicy::kill) return kill(now);
  if (asked_at_) return;
  asked_at_ = now;
  orders_ += 'T';
  kill_by(now + grace_);
}

void ToolRun::kill(SteadyTime now) {
  if (!asked_at_) asked_at_ = now;
  kill_by(now);
}

void ToolRun::pause() {
  if (can_be_signalled()) orders_ += 'S';
}

void ToolRun::resume() {
  if (can_be_signalled()) orders_ += 'C';
}

std::string ToolRun::take_orders(SteadyTime now) {
  // A tool that is done and holds no pipe may have left something behind: it is not waited for.
  if (ended_ && pipes_ended_) kill_by(now);
  if (kill_at_ && now >= *kill_at_ && !killed_ && !empty_at_) {
    orders_ += 'K';
    killed_ = true;
    give_up_at_ = std::max(asked_at_.value_or(now) + grace_, now) + kPatience;
  }
  return std::exchange(orders_, {});
}

std::optional<SteadyTime> ToolRun::wake_at() const {
  if (empty_at_) return *empty_at_ + kPatience;
  if (killed_) return give_up_at_;
  return kill_at_;
}

bool ToolRun::over(SteadyTime now) const {
  // A pipe may be held by a process that was handed it and is no descendant; and the guard is about to exit.
  if (empty_at_) return (pipes_ended_ && hung_up_) || now >= *empty_at_ + kPatience;
  return hung_up_ || (killed_ && now >= *give_up_at_);
}

Result<ToolRun::End> ToolRun::end(const std::string& program) const {
  if (launch_error_ != 0) {
    const std::error_code reason(launch_error_, std::generic_category());
    const std::string what = refused_ ? "could not limit the nice, ionice or memory of " : "could not start ";
    return Error{Errc::tool, what + program + ": " + reason.message(), {}};
  }
  if (!not_understood_.empty()) {
    return Error{
        Errc::unavailable, "the guard process of " + program + " said \"" + not_understood_ + "\"", {}};
  }
  if (empty_at_ && ended_) return end_;
  if (hung_up_) return Error{Errc::unavailable, "the guard process died; it ran " + program, {}};
  return Error{
      Errc::unavailable,
      "process " + std::to_string(pid_) + " (" + program + ") or a descendant of it could not be killed",
      {}};
}

void ToolRun::kill_by(SteadyTime when) {
  kill_at_ = std::min(kill_at_.value_or(when), when);
}

}  // namespace sisyphus::actors
