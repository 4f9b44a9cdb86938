// A tool that misbehaves on demand: `fake_tool MODE [ARGUMENT…]`. It says what a test has to know in lines on
// standard output ("pid N" of each process, then "ready"), so that tests wait for events and not for time to
// pass.

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

using Arguments = char**;

int number(const char* text) {
  return static_cast<int>(std::strtol(text, nullptr, 10));
}

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void say_pid() {
  say("pid " + std::to_string(::getpid()));
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

// A child that prepares itself, says its number, ignores what asks it to end and sleeps. Returns in the
// parent when the child is that far, or has exited while preparing.
void with_child(const std::function<void()>& prepare) {
  static int parents = -1;  // what this process tells its own parent with: not its children's business
  std::array<int, 2> told;
  if (::pipe(told.data()) != 0) std::abort();
  if (::fork() == 0) {
    ::close(told[0]);
    if (parents >= 0) ::close(parents);
    parents = told[1];
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    prepare();
    say_pid();
    ::close(told[1]);
    sleep_for_ever();
  }
  ::close(told[1]);
  char nothing = 0;
  while (::read(told[0], &nothing, 1) > 0) {
  }
  ::close(told[0]);
}

void leave_session() {
  ::setsid();
}

int exit_with(Arguments arguments) {
  return number(arguments[0]);
}

int lines(Arguments arguments) {
  for (int i = 0; i < number(arguments[0]); ++i) say("line " + std::to_string(i));
  return 0;
}

int noisy(Arguments arguments) {
  std::string kilobytes;
  while (kilobytes.size() < 64'000) kilobytes += std::string(79, 'x') + '\n';
  for (auto left = std::strtoll(arguments[0], nullptr, 10); left > 0; left -= 64'000) {
    std::fputs(kilobytes.c_str(), stderr);
  }
  std::fputs("the last words\n", stderr);
  return 0;
}

// A line that never ends, on both pipes.
int endless_line(Arguments arguments) {
  const std::string piece(64'000, 'x');
  for (auto left = std::strtoll(arguments[0], nullptr, 10); left > 0; left -= 64'000) {
    std::fputs(piece.c_str(), stdout);
    std::fputs(piece.c_str(), stderr);
  }
  return 3;
}

int hang(Arguments) {
  say_pid();
  say("ready");
  sleep_for_ever();
}

int ignore_term(Arguments) {
  ::signal(SIGTERM, SIG_IGN);
  return hang(nullptr);
}

// Waits for the signal instead of handling it: the thread sanitizer may hold a handler back until the next
// call.
int exit_on_term(Arguments arguments) {
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, nullptr);
  say_pid();
  say("ready");
  int signal = 0;
  ::sigwait(&term, &signal);
  return number(arguments[0]);
}

int grandchild_holds_pipe(Arguments) {
  with_child([] {});
  say_pid();
  return 0;
}

int grandchild_setsid(Arguments) {
  with_child(leave_session);
  return hang(nullptr);
}

// A daemon: in a session of its own, its parent gone, no pipe held.
int leaves_daemon(Arguments) {
  with_child([] {
    with_child([] {
      leave_session();
      say_pid();
      for (int fd = 0; fd < 3; ++fd) ::close(fd);
    });
    ::_exit(0);
  });
  return 0;
}

int family(Arguments arguments) {
  for (int i = 0; i < number(arguments[0]); ++i) {
    with_child([i] {
      if (i % 2 == 0) leave_session();
      with_child([] {});
    });
  }
  return hang(nullptr);
}

// Ends some time after its pipes did; the code shows that it was not cut short.
int close_pipes(Arguments) {
  ::close(STDOUT_FILENO);
  ::close(STDERR_FILENO);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  return 7;
}

int die_by(Arguments arguments) {
  ::raise(number(arguments[0]));
  return 0;
}

// Takes memory, megabyte by megabyte, and says how it went.
int eat_memory(Arguments arguments) {
  std::vector<std::unique_ptr<std::string>> eaten;
  try {
    for (int i = 0; i < number(arguments[0]); ++i) {
      eaten.push_back(std::make_unique<std::string>(1 << 20, 'x'));
    }
  } catch (const std::bad_alloc&) {
    std::fputs("Cannot allocate memory\n", stderr);
    return 1;
  }
  return 0;
}

int no_stdin(Arguments) {
  say("ready");
  return 0;
}

int echo_stdin(Arguments) {
  std::array<char, 4096> buffer;
  std::size_t size = 0;
  while ((size = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0) {
    std::fwrite(buffer.data(), 1, size, stdout);
  }
  return 0;
}

int not_utf8(Arguments) {
  std::fputs("caf\xE9 na\xC3\xAFve \xFF\n", stderr);
  return 5;
}

// Progress as no tool writes it, in the words of each: numbers that are none, too large or run backwards,
// parts that never end, bytes that are no UTF-8.
int odd_progress(Arguments arguments) {
  static constexpr std::string_view kLines[] = {
      // ffmpeg
      "progress=continue", "frame=1e999", "frame=-5", "frame=99999999999999999999", "frame=", "fps=nan",
      "speed=infx", "bitrate=-1kbits/s", "total_size=N/A", "out_time_us=9223372036854775808",
      "progress=continue", "frame=999999", "progress=continue", "frame=1", "progress=continue", "=",
      "==", "progress=perhaps", "progress=\xFF\xFE", "fr\xE9me=3", "progress=end", "progress=end",
      // HandBrakeCLI
      "Progress: {", "\"State\": \"WORKING\",", "\"Progress\": nan", "}", "Progress: {",
      "\"State\": \"WORKING\",", "\"Progress\": 1e308,", "\"Pass\": -1,", "\"PassCount\": 1e308,",
      "\"PassID\": inf,", "\"Rate\": -inf,", "\"ETASeconds\": 1e999,", "\"Hours\": {", "}", "Progress: {",
      "\"State\": \"W\xF6RKING\"", "}", "}", "}", "Progress: {", "Progress: {", "\"State\": \"WORKDONE\",",
      "\"Error\": \"none\"", "}", "Progress: {",
      // mkvmerge and mkvextract
      "#GUI#progress 50%", "#GUI#progress 20%", "#GUI#progress 1000%", "#GUI#progress -1%",
      "#GUI#progress 99999999999999999999%", "#GUI#progress %", "#GUI#progress", "#GUI#progress \xFF%",
      "#GUI#warning caf\xE9", "#GUI#error na\xEFve \xFF", "#GUI#error", "#GUI#",
      // and of none
      "", "\r\r\r", "\xC3", "{", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "null"};
  for (const std::string_view line : kLines) say(std::string(line));
  static constexpr std::string_view kLast("nul \0 here\nno end of line", 25);
  std::fwrite(kLast.data(), 1, kLast.size(), stdout);
  return number(arguments[0]);
}

// Stopped by a signal of its own, as by a terminal that is not its.
int stops_itself(Arguments) {
  ::raise(SIGSTOP);
  return 0;
}

int progress(Arguments arguments) {
  const std::chrono::milliseconds period(number(arguments[0]));
  const int count = number(arguments[1]);
  say_pid();
  for (int i = 1; i <= count; ++i) {
    std::this_thread::sleep_for(period);
    std::printf(
        "frame=%d\nfps=25.00\nbitrate=1000.0kbits/"
        "s\ntotal_size=%d\nout_time_us=%d\nspeed=1.0x\nprogress=%s\n",
        i, i * 5000, i * 40000, i == count ? "end" : "continue");
    std::fflush(stdout);
  }
  return 0;
}

// Lines that look like the progress of an exec module and are none, then one that is, one that is a result,
// and the exit.
int malformed_progress(Arguments arguments) {
  const std::string nested(10'000, '[');
  say("{\"percent\": 50");
  say("{\"percent\": \"half\", \"frame\": [], \"phase\": {}}");
  say("{\"percent\": -1, \"fps\": 1e300, \"speed\": 1e999, \"frame\": 99999999999999999999}");
  say("{\"phase\": \"caf\xE9\"}");
  say("{\"phase\": \"" + std::string(60'000, 'x') + "\"}");
  say("{\"result\": " + nested);
  say("{\"result\": \"" + std::string(200'000, 'x') + "\"}");  // longer than a line may be
  say(std::string("{\0}", 3));
  say("{\"phase\": \"well\", \"percent\": 40}");
  say("{\"result\": {\"answer\": 42, \"module\": \"forged\"}}");
  return number(arguments[0]);
}

// What it was started with: signals, descriptors, group, directory.
int surroundings(Arguments) {
  if (std::FILE* status = std::fopen("/proc/self/status", "re")) {
    std::array<char, 256> line;
    while (std::fgets(line.data(), static_cast<int>(line.size()), status) != nullptr) {
      if (std::string_view(line.data()).starts_with("Sig")) std::fputs(line.data(), stdout);
    }
    std::fclose(status);
  }
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) say("fd " + std::to_string(fd));
  }
  if (::getpgrp() == ::getpid()) say("leads its group");
  std::array<char, 4096> directory;
  if (::getcwd(directory.data(), directory.size()) != nullptr) say(std::string("in ") + directory.data());
  return 0;
}

struct Mode {
  int arguments;
  int (*run)(Arguments);
};

const std::map<std::string_view, Mode> kModes{
    {"exit", {1, exit_with}},
    {"lines", {1, lines}},
    {"noisy", {1, noisy}},
    {"endless-line", {1, endless_line}},
    {"hang", {0, hang}},
    {"ignore-term", {0, ignore_term}},
    {"exit-on-term", {1, exit_on_term}},
    {"grandchild-holds-pipe", {0, grandchild_holds_pipe}},
    {"grandchild-setsid", {0, grandchild_setsid}},
    {"leaves-daemon", {0, leaves_daemon}},
    {"family", {1, family}},
    {"close-pipes", {0, close_pipes}},
    {"die-by", {1, die_by}},
    {"eat-memory", {1, eat_memory}},
    {"no-stdin", {0, no_stdin}},
    {"echo-stdin", {0, echo_stdin}},
    {"not-utf8", {0, not_utf8}},
    {"odd-progress", {1, odd_progress}},
    {"stops-itself", {0, stops_itself}},
    {"progress", {2, progress}},
    {"malformed-progress", {1, malformed_progress}},
    {"surroundings", {0, surroundings}},
};

}  // namespace

int main(int argc, char** argv) {
  const auto mode = argc > 1 ? kModes.find(argv[1]) : kModes.end();
  if (mode == kModes.end() || argc - 2 != mode->second.arguments) {
    std::fputs("fake_tool: unknown mode or wrong number of arguments\n", stderr);
    return 64;
  }
  return mode->second.run(argv + 2);
}
