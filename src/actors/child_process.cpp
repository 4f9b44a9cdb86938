#include "actors/child_process.hpp"

#include "core/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

namespace process = boost::process::v2;

using Process = process::basic_process<boost::asio::io_context::executor_type>;

constexpr int kControl = 3;     // where the guard finds its end of the channel
constexpr int kFirstFree = 10;  // above every number that the guard is given
constexpr int kReapTimeout =
    2000;  // milliseconds; the guard is gone within one or two, unless something is stuck

std::string& guard_program() {
  // The running program even after an upgrade replaced its file, so worker and guard always speak the same
  // protocol.
  static std::string path = "/proc/self/exe";
  return path;
}

// Boost.Process wants an executor for its handle. Nothing ever runs on this one.
boost::asio::io_context& idle_context() {
  static boost::asio::io_context context(1);
  return context;
}

boost::system::error_code last_error() {
  return {errno, boost::system::system_category()};
}

// Our ends and the guard's, each closed on exec.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  return true;
}

// What happens in the forked child before it becomes the guard.
struct GuardSetup {
  std::array<int, 4> sources;  // what becomes descriptors 0 to 3
  int directory;               // negative: none

  template <class Launcher, class... Rest>
  boost::system::error_code on_setup(Launcher& launcher, Rest&&...) const {
    // Later versions of Boost close whatever is not listed here; 1.81 leaves most of it open.
    launcher.fd_whitelist.push_back(kControl);
    return {};
  }

  template <class Launcher, class... Rest>
  boost::system::error_code on_exec_setup(Launcher& launcher, Rest&&...) const {
    // The pipe on which a failed exec is told must not be overwritten. Only a process without 0 to 2 comes
    // here.
    if (launcher.fd_whitelist.back() <= kControl) return fail(EBADF);
    // First out of the way, then into place: a source may have the number of another one's target.
    auto moved = sources;
    for (int& source : moved) {
      source = ::fcntl(source, F_DUPFD_CLOEXEC, kFirstFree);
      if (source < 0) return last_error();
    }
    for (std::size_t target = 0; target < moved.size(); ++target) {
      if (::dup2(moved[target], static_cast<int>(target)) < 0) return last_error();
    }
    if (directory >= 0 && ::fchdir(directory) != 0) return last_error();
    // asio opens without CLOEXEC: sockets and journals must not end up in an encoder.
    if (::close_range(kControl + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return last_error();
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    return {};
  }

  // Boost would call exit() next, which runs the exit handlers and flushes the streams of the worker it was
  // cloned from. A template because 1.81 calls this with other arguments than it asks for.
  template <class... Arguments>
  void on_exec_error(Arguments&&...) const {
    ::_exit(EXIT_FAILURE);
  }

 private:
  // The launcher reports errno, whatever is returned here.
  static boost::system::error_code fail(int error) {
    errno = error;
    return last_error();
  }
};

// Boost passes over an initializer's function that does not fit, without a word.
static_assert(requires(const GuardSetup& setup, process::posix::default_launcher& launcher,
                       const process::filesystem::path& program, const char* const*& arguments) {
  setup.on_setup(launcher, program, arguments);
  setup.on_exec_setup(launcher, program, arguments);
});

// 1.81 forgets the child of a launch that failed.
void reap_failed(pid_t pid) {
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Process> start_guard(const std::vector<std::string>& argv, const ChildLimits& limits,
                            const GuardSetup& setup) {
  const auto& program = guard_program();
  const std::string limits_argument = to_argument(limits);
  std::vector<const char*> arguments{"sisyphus", "guard", limits_argument.c_str(), "--"};
  for (const auto& argument : argv) arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);

  process::posix::default_launcher launcher;
  boost::system::error_code error;
  try {
    auto started = launcher(idle_context().get_executor(), error, program, arguments.data(), setup);
    if (!error && started.is_open()) return started;
  } catch (const boost::system::system_error& exception) {  // no descriptor left for the handle
    error = exception.code();
  }
  reap_failed(launcher.pid);
  return io_error("could not start the guard " + program, error ? error.value() : EAGAIN);
}

}  // namespace

struct ChildProcess::Handle {
  Handle(Process started, UniqueFd exit) : process(std::move(started)), exited(std::move(exit)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    pollfd gone{exited.get(), POLLIN, 0};
    int ready = 0;
    do {
      ready = ::poll(&gone, 1, kReapTimeout);
    } while (ready < 0 && errno == EINTR);
    boost::system::error_code error;
    if (ready == 0) {
      // It has sent SIGKILL to all below it and waits for something that the kernel does not let go of. That
      // goes to init; the loop cannot wait for it here.
      spdlog::error("guard_stuck pid={}: killed; what it waited for is left to init", process.id());
      process.terminate(error);
    }
    process.wait(error);
    if (error) spdlog::error("guard_not_reaped pid={} error=\"{}\"", process.id(), error.message());
  }

  Process process;
  UniqueFd exited;  // readable then; Boost keeps one of these but does not give it away in 1.81
};

ChildProcess::ChildProcess(const asio::any_io_executor& executor)
    : out(executor), err(executor), control(executor) {}

ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  // The channel before the handle: the guard ends when the former closes, and the latter waits for that.
  control = std::move(other.control);
  in = std::move(other.in);
  out = std::move(other.out);
  err = std::move(other.err);
  handle = std::move(other.handle);
  return *this;
}

ChildProcess::~ChildProcess() = default;  // members in reverse: the channel first, the handle last

Result<ChildProcess> launch(const asio::any_io_executor& executor, const LaunchSpec& spec) {
  Pipe in;
  Pipe out;
  Pipe err;
  std::array<int, 2> channel;
  if (spec.wants_input) {
    // Writing to a tool that does not read must be an error, not our end.
    static const bool ignored = ::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
    if (!ignored || !open_pipe(in)) return io_error("pipe", errno);
  } else {
    in.read.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!in.read) return io_error("/dev/null", errno);
  }
  if (!open_pipe(out) || !open_pipe(err)) return io_error("pipe", errno);
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel.data()) != 0) {
    return io_error("socketpair", errno);
  }
  UniqueFd ours(channel[0]);
  const UniqueFd guards(channel[1]);
  UniqueFd directory;
  if (!spec.working_directory.empty()) {
    directory.reset(::open(spec.working_directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
      return Error{Errc::tool, io_error("working directory " + spec.working_directory, errno).detail, {}};
    }
  }

  auto started =
      start_guard(spec.argv, spec.limits,
                  {{in.read.get(), out.write.get(), err.write.get(), guards.get()}, directory.get()});
  if (!started) return started.error();
  UniqueFd exited(static_cast<int>(::syscall(SYS_pidfd_open, started->id(), 0)));
  if (!exited) {
    const auto error = io_error("pidfd_open", errno);
    ours.reset();  // the guard cleans up and exits
    boost::system::error_code ignored;
    started->wait(ignored);
    return error;
  }

  ChildProcess child(executor);
  child.handle = std::make_unique<ChildProcess::Handle>(std::move(*started), std::move(exited));
  child.control.assign(asio::local::stream_protocol(), ours.release());
  child.out.assign(out.read.release());
  child.err.assign(err.read.release());
  if (spec.wants_input) child.in.emplace(executor, in.write.release());
  return child;
}

void set_guard_program(std::string path) {
  guard_program() = std::move(path);
}

}  // namespace sisyphus::actors
