#pragma once

#include "core/clock.hpp"
#include "core/errc.hpp"
#include "modules/module.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace sisyphus::actors {

// What is known of one run of a tool, and what is to be done next. No I/O: Subprocess tells it what happened,
// sends the orders it gives to the guard and wakes it in time.
//
//   started ── exited, signalled ── pipes at their end, or 2 s ── 'K' unless "empty" came ── "empty"
//        └── stop ── ('T', grace) ── 'K' ─────────────────────────────────────────────────────┘
class ToolRun {
 public:
  ToolRun(modules::StopPolicy policy, Millis grace);

  // What happened.
  void guard_said(std::string_view line, SteadyTime now);  // one report of actors/guard.hpp
  void guard_hung_up();                                    // end of the control channel
  void pipes_ended();                                      // the tool's output and errors are read to the end

  // What is asked for. Repeated and late requests change nothing.
  void stop(SteadyTime now);  // by the policy
  void kill(SteadyTime now);
  void pause();
  void resume();

  // What is to be done.
  std::string take_orders(SteadyTime now);    // bytes for the guard that are due, each given once
  std::optional<SteadyTime> wake_at() const;  // when to ask again although nothing happened
  bool over(SteadyTime now) const;            // there is nothing to wait for any more

  // How it ended, once it is over. `program` is for the text of an error.
  struct End {
    int exit_code = 0;
    int signal = 0;
    bool stopped = false;
  };
  Result<End> end(const std::string& program) const;

 private:
  bool can_be_signalled() const { return !ended_ && !killed_; }
  void kill_by(SteadyTime when);

  const modules::StopPolicy policy_;
  const Millis grace_;
  std::string orders_;
  std::string not_understood_;  // a report that no guard of ours makes
  pid_t pid_ = 0;               // 0: not started yet
  int launch_error_ = 0;        // errno of execv or of what comes before it
  bool refused_ = false;        // its limits
  End end_;
  bool ended_ = false;  // the tool itself
  bool pipes_ended_ = false;
  bool hung_up_ = false;
  bool killed_ = false;                   // 'K' was given
  std::optional<SteadyTime> asked_at_;    // the first stop or kill
  std::optional<SteadyTime> kill_at_;     // when 'K' is due
  std::optional<SteadyTime> give_up_at_;  // set with 'K'
  std::optional<SteadyTime> empty_at_;    // no descendant since
};

}  // namespace sisyphus::actors
