#include "actors/probe_runner.hpp"

#include "actors/subprocess.hpp"
#include "core/program_path.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include <sys/stat.h>

namespace sisyphus::actors {
namespace {

constexpr std::chrono::seconds kLongest{60};
constexpr std::size_t kMostKnown = 256;
constexpr std::size_t kMostOutput = 4U << 20;  // bytes
constexpr int kNoAnswer = 124;                 // and above: it says nothing that will hold next time

std::string state_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

// Of the program and of the file that it reads, if any; empty when one of them is not there.
std::string state_of(const modules::Probe& probe) {
  const auto program = find_program(probe.argv.front());
  const std::string tool = program ? state_of(*program) : "";
  if (probe.path.empty() || tool.empty()) return tool;
  const std::string file = state_of(probe.path);
  return file.empty() ? "" : tool + " " + file;
}

modules::ProbeResult stopped() {
  return {kNoAnswer, "", "it was stopped"};
}

}  // namespace

struct ProbeRunner::Question {
  Question(asio::any_io_executor executor, const modules::Probe& probe)
      : command(fmt::format("{}", fmt::join(probe.argv, std::string_view("\0", 1)))),
        argv(probe.argv),
        state(state_of(probe)),
        answered(std::move(executor)) {}

  std::string command;
  std::vector<std::string> argv;
  std::string state;                    // of program and file: device, inode, size, time of change
  std::size_t wanted_by = 0;            // callers that wait
  std::shared_ptr<Subprocess> process;  // while it runs
  bool done = false;
  modules::ProbeResult result = stopped();
  Gate answered;
};

asio::awaitable<ProbeRunner::Answers> ProbeRunner::run(std::vector<modules::Probe> probes,
                                                       std::stop_token stop) {
  Answers answers;
  if (stop.stop_requested()) {
    for (const modules::Probe& probe : probes) answers[probe.key] = stopped();
    co_return answers;
  }
  std::map<std::string, Shared> asked;
  for (const modules::Probe& probe : probes) {
    const auto [entry, fresh] = asked.try_emplace(probe.key);
    if (!fresh) continue;
    entry->second = ask(probe);
  }
  const std::stop_callback on_stop(std::move(stop), [this, &asked] {
    for (const auto& [key, question] : asked) give_up(question);
  });
  for (const auto& [key, question] : asked) {
    if (!question->done) co_await question->answered.wait(asio::use_awaitable);
    answers[key] = question->result;
  }
  co_return answers;
}

ProbeRunner::Shared ProbeRunner::ask(const modules::Probe& probe) {
  auto question = std::make_shared<Question>(executor_, probe);
  if (const auto found = known_.find(question->command);
      found != known_.end() && found->second->state == question->state) {
    ++found->second->wanted_by;
    return found->second;
  }
  ++question->wanted_by;
  if (known_.size() >= kMostKnown) known_.erase(known_.begin());
  known_[question->command] = question;
  waiting_.push_back(question);
  start_waiting();
  return question;
}

void ProbeRunner::start_waiting() {
  while (busy_ < kAtOnce && !waiting_.empty()) {
    ++busy_;
    const Shared next = std::move(waiting_.front());
    waiting_.pop_front();
    running_.spawn("probe " + next->argv.front(), answer(next));
  }
}

asio::awaitable<void> ProbeRunner::answer(Shared question) {
  std::exception_ptr failure;
  try {
    question->result = co_await execute(question);
  } catch (const std::exception&) {
    failure = std::current_exception();  // the group logs it; whoever waits must be let go first
  }
  question->done = true;
  const bool lasts = !question->state.empty() && question->result.exit_code < kNoAnswer;
  if (!lasts) forget(question);
  question->answered.open();
  --busy_;
  start_waiting();
  if (failure) std::rethrow_exception(failure);
}

void ProbeRunner::give_up(const Shared& question) {
  if (question->done || --question->wanted_by > 0) return;
  forget(question);  // who asks now gets a run of its own
  if (question->process) question->process->kill();
  if (std::erase(waiting_, question) == 0) return;
  question->done = true;
  question->answered.open();
}

void ProbeRunner::forget(const Shared& question) {
  const auto found = known_.find(question->command);
  if (found != known_.end() && found->second == question) known_.erase(found);
}

void ProbeRunner::stop() {
  for (const Shared& question : std::exchange(waiting_, {})) {
    forget(question);
    question->done = true;
    question->answered.open();
  }
  running_.cancel();
}

asio::awaitable<void> ProbeRunner::join() {
  co_await running_.join();
}

asio::awaitable<modules::ProbeResult> ProbeRunner::execute(Shared question) {
  modules::ProbeResult result;
  const auto program = find_program(question->argv.front());
  if (!program) {
    result.exit_code = 127;
    result.err = question->argv.front() + " was not found on PATH";
    co_return result;
  }
  Subprocess::Options options;
  options.argv = question->argv;
  options.argv.front() = *program;
  options.on_out = [&result](std::string_view line) {
    if (result.out.size() < kMostOutput) result.out.append(line).append("\n");
  };
  const auto process = std::make_shared<Subprocess>(executor_, std::move(options));
  const auto late = std::make_shared<bool>(false);
  asio::steady_timer limit(executor_, kLongest);
  // It may be called when this coroutine has gone already.
  limit.async_wait([weak = std::weak_ptr(process), late](std::error_code error) {
    const auto alive = weak.lock();
    if (error || !alive) return;
    *late = true;
    alive->kill();
  });
  question->process = process;
  const auto report = co_await process->run();
  question->process.reset();
  limit.cancel();
  if (!report) {
    result.exit_code = 127;
    result.err = report.error().detail;
    co_return result;
  }
  result.exit_code = *late ? kNoAnswer : report->signal != 0 ? 128 + report->signal : report->exit_code;
  result.err = *late ? fmt::format("no answer after {} s", kLongest.count()) : report->err_tail;
  co_return result;
}

}  // namespace sisyphus::actors
