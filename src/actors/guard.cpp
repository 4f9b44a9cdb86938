#include "actors/guard.hpp"

#include "actors/child_limits.hpp"
#include "actors/process_tree.hpp"
#include "core/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

constexpr int kControl = 3;
constexpr int kExecFailed = 127;
constexpr int kMisused = 64;        // EX_USAGE of sysexits.h
constexpr int kLongestPause = 100;  // milliseconds between two sweeps over what does not die

// Over a pipe from the forked child.
struct StartFailure {
  int error = 0;
  bool refused = true;  // its limits; otherwise the program could not be executed
};

// In the forked child, up to execv. Only async-signal-safe calls.
[[noreturn]] void become_tool(const ChildLimits& limits, char** argv, pid_t guard, int failure_pipe) {
  ::setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal)
    ::signal(signal, SIG_DFL);  // fails for SIGKILL and SIGSTOP: fine
  // Last line of defence, for a guard that is itself killed.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(kExecFailed);  // it died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  StartFailure failure;
  if (apply(limits)) {
    ::execv(argv[0], argv);
    failure.refused = false;
  }
  failure.error = errno;
  // If this fails the tool seems to have ended with 127, which is as true.
  [[maybe_unused]] const auto written = ::write(failure_pipe, &failure, sizeof failure);
  ::_exit(kExecFailed);
}

// Tools that read their arguments in the locale's charset cut a file's name off where it ends for them:
// mkvmerge writes "caf" for "café.mkv" in the locale C, and exits with 0. Services have no locale at all.
void speak_utf8() {
  const bool known = std::setlocale(LC_CTYPE, "") != nullptr;  // not for a locale that is not installed
  if (known && std::string_view(::nl_langinfo(CODESET)) == "UTF-8") return;
  ::setenv("LC_ALL", "C.UTF-8", 1);
}

// The tool's pipes reach end of file only when we hold them no more.
void let_go_of_pipes() {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!null || ::dup2(null.get(), fd) < 0) ::close(fd);
  }
}

class Guard {
 public:
  explicit Guard(const ChildLimits& limits) : limits_(limits) {}
  int run(char** argv);

 private:
  bool start(char** argv);
  void wait_for_something();
  void learn_of_exec();
  void take_orders();
  void obey(char order);
  void signal_group(int signal);
  void kill_all() const;
  bool reap();  // false when no child is left
  void report_end(int status);

  const ChildLimits limits_;
  const pid_t self_ = ::getpid();
  UniqueFd child_signals_;
  UniqueFd exec_pipe_;        // open until it is known whether execv worked
  pid_t tool_ = 0;            // also its process group
  bool tool_reaped_ = false;  // from then on its number may be anyone's
  bool exec_failed_ = false;
  bool hung_up_ = false;  // the worker closed the channel or died
  bool killing_ = false;
  int pause_ = 1;  // milliseconds until the next sweep
};

// The worker may be gone or slow: what cannot be said at once is not said.
void report(const char* what, int number) {
  std::array<char, 32> line;
  const int size = std::snprintf(line.data(), line.size(), "%s %d\n", what, number);
  ::send(kControl, line.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
}

int Guard::run(char** argv) {
  if (!start(argv)) {
    report("failed", errno);
  } else {
    while (reap()) {
      wait_for_something();
      learn_of_exec();
      take_orders();
      // Before the next reap: as long as the tool is not reaped its group's number is its own.
      if (killing_) kill_all();
    }
  }
  constexpr std::string_view kEmpty = "empty\n";
  ::send(kControl, kEmpty.data(), kEmpty.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return EXIT_SUCCESS;
}

bool Guard::start(char** argv) {
  // A session of its own: SIGKILL to the worker's process group, as timeout(1) and shells send it, must not
  // take the guard along. Fails only for a group leader, which has left the worker's group already.
  ::setsid();
  // All signals are blocked: neither Ctrl-C in the worker's terminal nor a signal to its whole service ends
  // the one process that knows how to clean up. SIGCHLD is read from a descriptor.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::signal(SIGCHLD, SIG_DFL);  // an inherited SIG_IGN would reap behind our back
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  child_signals_.reset(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!child_signals_) return false;

  std::array<int, 2> pipe;
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || ::fcntl(kControl, F_SETFD, FD_CLOEXEC) != 0 ||
      ::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return false;
  }
  exec_pipe_.reset(pipe[0]);
  const UniqueFd failure_pipe(pipe[1]);
  speak_utf8();
  tool_ = ::fork();
  if (tool_ < 0) return false;
  if (tool_ == 0) become_tool(limits_, argv, self_, failure_pipe.get());
  ::setpgid(tool_, tool_);  // as the child does, whoever is first; fails when it is already another program
  let_go_of_pipes();
  return true;
}

void Guard::wait_for_something() {
  std::array<pollfd, 3> waited{{{child_signals_.get(), POLLIN, 0},
                                {hung_up_ ? -1 : kControl, POLLIN, 0},
                                {exec_pipe_.get(), POLLIN, 0}}};  // negative: passed over
  const int timeout = killing_ ? pause_ : -1;
  if (killing_) pause_ = std::min(pause_ * 2, kLongestPause);
  if (::poll(waited.data(), waited.size(), timeout) < 0) return;
  std::array<signalfd_siginfo, 8> signals;
  while (::read(child_signals_.get(), signals.data(), sizeof signals) > 0) {
  }
}

void Guard::learn_of_exec() {
  if (!exec_pipe_) return;
  StartFailure failure;
  const auto size = ::read(exec_pipe_.get(), &failure, sizeof failure);
  if (size < 0) return;  // not yet, or interrupted: poll comes back
  exec_pipe_.reset();
  exec_failed_ = size == sizeof failure;
  if (exec_failed_) {
    report(failure.refused ? "refused" : "failed", failure.error);
  } else {
    report("started", tool_);
  }
}

void Guard::take_orders() {
  if (hung_up_) return;
  std::array<char, 64> orders;
  const auto size = ::recv(kControl, orders.data(), orders.size(), MSG_DONTWAIT);
  if (size > 0) {
    std::for_each(orders.begin(), orders.begin() + size, [this](char order) { obey(order); });
  } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
    hung_up_ = true;
    killing_ = true;
  }
}

void Guard::obey(char order) {
  switch (order) {
    case 'T':
      signal_group(SIGTERM);
      signal_group(SIGCONT);  // a stopped process hears nothing else
      break;
    case 'S':
      signal_group(SIGSTOP);
      break;
    case 'C':
      signal_group(SIGCONT);
      break;
    case 'K':
      killing_ = true;
      break;
    default:
      break;  // a newer worker's: nothing we could do
  }
}

void Guard::signal_group(int signal) {
  if (!tool_reaped_) {
    ::kill(-tool_, signal);
    return;
  }
  for (const auto& process : descendants_of(self_)) {
    if (process.group == tool_) signal_descendant(process, self_, signal);
  }
}

void Guard::kill_all() const {
  if (!tool_reaped_) ::kill(-tool_, SIGKILL);  // all at once, so that none can fork itself out of it
  for (const auto& process : descendants_of(self_)) signal_descendant(process, self_, SIGKILL);
}

bool Guard::reap() {
  for (;;) {
    int status = 0;
    const auto pid = ::waitpid(-1, &status, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;  // ECHILD: orphans would have become our children
    pause_ = 1;                 // something moves
    if (pid != tool_) continue;
    learn_of_exec();  // the pipe is at its end now: "started" comes before "exited"
    tool_reaped_ = true;
    if (!exec_failed_) report_end(status);
  }
}

void Guard::report_end(int status) {
  if (WIFSIGNALED(status)) {
    report("signalled", WTERMSIG(status));
  } else {
    report("exited", WEXITSTATUS(status));
  }
}

}  // namespace

int run_guard(const char* limits, char** argv) {
  const auto parsed = parse_limits(limits);
  return parsed ? Guard(*parsed).run(argv) : kMisused;
}

}  // namespace sisyphus::actors
