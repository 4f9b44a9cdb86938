#include "load/phase.hpp"

#include "core/asio_tokens.hpp"
#include "core/task_group.hpp"
#include "load/document.hpp"

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sisyphus::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRead = 64U << 10;
constexpr std::size_t kErrorsKept = 5;

// What the connections share: the numbers that are still to be put in, the count of those to be taken.
struct Shared {
  const Load& load;
  Ledger& ledger;
  Outcome& outcome;
  std::uint64_t next_number;
  std::uint64_t end_number;
  std::size_t left_to_take;
};

class Connection {
 public:
  Connection(asio::io_context& loop, Shared& shared, std::size_t index)
      : socket_(loop), shared_(shared), dialect_(shared.load.dialect(index)), in_(kRead, '\0') {}

  asio::awaitable<void> run() {
    try {
      co_await socket_.async_connect(shared_.load.server, asio::use_awaitable);
      socket_.set_option(asio::ip::tcp::no_delay(true));
      while (work_left()) {
        if (shared_.load.kind != Kind::drain) co_await submit();
        if (shared_.load.kind != Kind::submit) co_await take_and_finish();
      }
    } catch (const std::exception& error) {
      ++shared_.outcome.error_count;
      if (shared_.outcome.errors.size() < kErrorsKept) shared_.outcome.errors.emplace_back(error.what());
    }
  }

 private:
  bool work_left() const {
    return shared_.load.kind == Kind::drain ? shared_.left_to_take != 0
                                            : shared_.next_number != shared_.end_number;
  }

  asio::awaitable<void> submit() {
    std::vector<std::string> documents;
    while (documents.size() < shared_.load.batch && shared_.next_number != shared_.end_number) {
      documents.push_back(job_document(shared_.next_number++, shared_.load.document));
    }
    out_.clear();
    dialect_->submit(documents, out_);
    co_await exchange(shared_.outcome.submit);
  }

  asio::awaitable<void> take_and_finish() {
    const std::size_t wanted = std::min(shared_.load.batch, shared_.left_to_take);
    shared_.left_to_take -= wanted;
    std::size_t missing = wanted;
    while (missing != 0) {
      out_.clear();
      dialect_->take(missing, out_);
      const Answer taken = co_await exchange(shared_.outcome.take);
      if (taken.jobs.empty()) throw std::runtime_error("there was no job to take");
      for (const Taken& job : taken.jobs) shared_.ledger.took(job.number);
      out_.clear();
      dialect_->finish(taken.jobs, out_);
      co_await exchange(shared_.outcome.finish);
      missing -= std::min(missing, taken.jobs.size());
    }
  }

  asio::awaitable<Answer> exchange(Latencies& latencies) {
    const Clock::time_point begin = Clock::now();
    co_await asio::async_write(socket_, asio::buffer(out_), asio::use_awaitable);
    std::size_t size = 0;
    for (;;) {
      if (size == in_.size()) in_.resize(2 * in_.size());
      size += co_await socket_.async_read_some(asio::buffer(in_.data() + size, in_.size() - size),
                                               asio::use_awaitable);
      auto answer = dialect_->answer(std::string_view(in_).substr(0, size));
      if (!answer) continue;
      latencies.add(Clock::now() - begin);
      if (!answer->error.empty()) throw std::runtime_error(answer->error);
      if (answer->used != size) throw std::runtime_error("the reply is longer than it should be");
      co_return std::move(*answer);
    }
  }

  asio::ip::tcp::socket socket_;
  Shared& shared_;
  std::unique_ptr<Dialect> dialect_;
  std::string out_;
  std::string in_;
};

}  // namespace

Outcome run(const Load& load, Ledger& ledger) {
  Outcome outcome;
  asio::io_context loop(ASIO_CONCURRENCY_HINT_UNSAFE_IO);  // one thread: no locks
  Shared shared{load, ledger, outcome, load.first_number, load.first_number + load.jobs, load.jobs};
  std::vector<std::unique_ptr<Connection>> connections;
  TaskGroup group(loop.get_executor());
  const Clock::time_point begin = Clock::now();
  for (std::size_t i = 0; i < load.connections; ++i) {
    connections.push_back(std::make_unique<Connection>(loop, shared, i));
    group.spawn(fmt::format("connection {}", i), connections.back()->run());
  }
  loop.run();
  outcome.elapsed = Clock::now() - begin;
  return outcome;
}

}  // namespace sisyphus::bench
