#include "actors/subprocess.hpp"

#include "actors/child_process.hpp"
#include "actors/tool_run.hpp"
#include "core/asio_tokens.hpp"
#include "core/line_splitter.hpp"
#include "core/text_tail.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <spdlog/spdlog.h>

#include <array>
#include <exception>
#include <utility>

namespace sisyphus::actors {
namespace {

constexpr std::size_t kReadSize = 65'536;  // what a pipe holds
constexpr std::size_t kReportSize = 256;

SteadyTime steady_now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

// Shared by the Subprocess, run() and the helpers that run() starts and joins: the coroutines that read and
// write. Whoever changes something rings the bell; only run() waits for it. All on the loop's thread.
struct Subprocess::State {
  using Self = std::shared_ptr<State>;

  State(asio::any_io_executor loop, Options asked)
      : executor(std::move(loop)),
        options(std::move(asked)),
        tool(options.stop, options.grace),
        bell(executor, SteadyTime::max()) {}

  static asio::awaitable<Result<ExitReport>> run(Self self);
  static asio::awaitable<void> wait_for_bell(Self self, std::optional<SteadyTime> until);
  static asio::awaitable<void> read_pipe(Self self, asio::readable_pipe ChildProcess::*pipe,
                                         LineSplitter lines, TextTail* tail);
  static asio::awaitable<void> read_reports(Self self);
  static asio::awaitable<void> write_input(Self self);
  static void start(Self self, asio::awaitable<void> helper);

  void act();  // sends the orders that are due, and lets run() look at what is new

  asio::any_io_executor executor;
  Options options;
  ToolRun tool;
  asio::steady_timer bell;
  std::optional<ChildProcess> child;  // from the launch until it is over; a helper looks after each wait
  TextTail err_tail;
  int open_pipes = 2;
  int helpers = 0;
  std::exception_ptr failure;  // the first one that a helper ended with: a callback's
};

asio::awaitable<Result<ExitReport>> Subprocess::State::run(Self self) {
  // However this is left, abandoned by its loop included, nothing goes on running.
  struct Closer {
    State& state;
    ~Closer() { state.child.reset(); }
  };
  const auto& options = self->options;
  if (options.argv.empty()) co_return Error{Errc::tool, "no program to start", {}};
  auto launched = launch(
      self->executor, {options.argv, options.working_directory, options.input.has_value(), options.limits});
  if (!launched) co_return launched.error();
  const Closer closer{*self};
  self->child = std::move(*launched);
  self->child->control.non_blocking(true);

  start(self, read_pipe(self, &ChildProcess::out, LineSplitter(options.on_out), nullptr));
  start(self, read_pipe(self, &ChildProcess::err, LineSplitter(options.on_err), &self->err_tail));
  start(self, read_reports(self));
  if (options.input) start(self, write_input(self));

  self->act();
  while (!self->tool.over(steady_now())) {
    co_await wait_for_bell(self, self->tool.wake_at());
    self->act();
  }
  self->child.reset();
  while (self->helpers > 0) co_await wait_for_bell(self, std::nullopt);
  if (self->failure) std::rethrow_exception(self->failure);

  const auto end = self->tool.end(options.argv.front());
  if (!end) co_return end.error();
  co_return ExitReport{end->exit_code, end->signal, end->stopped, self->err_tail.text()};
}

asio::awaitable<void> Subprocess::State::wait_for_bell(Self self, std::optional<SteadyTime> until) {
  self->bell.expires_at(until.value_or(SteadyTime::max()));
  co_await self->bell.async_wait(kTuple);  // rung or in time: the caller looks anyway
}

asio::awaitable<void> Subprocess::State::read_pipe(Self self, asio::readable_pipe ChildProcess::*pipe,
                                                   LineSplitter lines, TextTail* tail) {
  std::vector<char> buffer(kReadSize);
  while (self->child) {
    const auto [error, size] = co_await ((*self->child).*pipe).async_read_some(asio::buffer(buffer), kTuple);
    if (error || !self->child) break;
    const std::string_view bytes(buffer.data(), size);
    if (tail != nullptr) tail->append(bytes);
    lines.feed(bytes);
  }
  if (self->child) lines.finish();
  if (--self->open_pipes == 0) self->tool.pipes_ended();
  self->act();
}

asio::awaitable<void> Subprocess::State::read_reports(Self self) {
  std::array<char, kReportSize> buffer;
  LineSplitter lines([&tool = self->tool](std::string_view line) { tool.guard_said(line, steady_now()); });
  while (self->child) {
    const auto [error, size] = co_await self->child->control.async_read_some(asio::buffer(buffer), kTuple);
    if (error || !self->child) break;
    lines.feed({buffer.data(), size});
    self->act();
  }
  self->tool.guard_hung_up();
  self->act();
}

asio::awaitable<void> Subprocess::State::write_input(Self self) {
  const auto [error, size] =
      co_await asio::async_write(*self->child->in, asio::buffer(*self->options.input), kTuple);
  // A tool need not read what it is given.
  if (error && error != asio::error::broken_pipe && error != asio::error::operation_aborted) {
    spdlog::warn("input_not_written program=\"{}\" bytes={} error=\"{}\"", self->options.argv.front(), size,
                 error.message());
  }
  if (self->child) self->child->in.reset();  // the tool's end of file
}

void Subprocess::State::start(Self self, asio::awaitable<void> helper) {
  ++self->helpers;
  asio::co_spawn(self->executor, std::move(helper), [self](std::exception_ptr failure) {
    --self->helpers;
    if (failure && !self->failure) {
      self->failure = failure;
      self->tool.kill(steady_now());
      self->tool.pipes_ended();  // nobody listens any more
    }
    self->act();
  });
}

void Subprocess::State::act() {
  if (child) {
    const auto orders = tool.take_orders(steady_now());
    asio::error_code error;
    asio::write(child->control, asio::buffer(orders), error);
    // A guard that is gone needs no orders; that it is shows in the other direction of the channel.
    if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) {
      spdlog::error("guard_not_reached program=\"{}\" orders={} error=\"{}\"", options.argv.front(), orders,
                    error.message());
    }
  }
  bell.cancel();
}

Subprocess::Subprocess(asio::any_io_executor executor, Options options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {}

Subprocess::~Subprocess() {
  state_->child.reset();
}

asio::awaitable<Result<ExitReport>> Subprocess::run() {
  return State::run(state_);
}

void Subprocess::stop() {
  state_->tool.stop(steady_now());
  state_->act();
}

void Subprocess::kill() {
  state_->tool.kill(steady_now());
  state_->act();
}

void Subprocess::pause() {
  state_->tool.pause();
  state_->act();
}

void Subprocess::resume() {
  state_->tool.resume();
  state_->act();
}

}  // namespace sisyphus::actors
