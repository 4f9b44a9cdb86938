#pragma once

#include "core/gate.hpp"
#include "core/task_group.hpp"
#include "modules/module.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <deque>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace sisyphus::actors {

// Runs the probes that modules ask for, a few at once, and remembers each answer until the program or the
// file that it is about changes. Equal probes that are asked for at once, by several jobs too, share one run.
// One loop. Before it goes: join().
class ProbeRunner {
 public:
  static constexpr std::size_t kAtOnce = 4;

  explicit ProbeRunner(asio::any_io_executor executor) : executor_(executor), running_(std::move(executor)) {}

  using Answers = std::map<std::string, modules::ProbeResult>;  // by Probe::key
  // Exit code 127 when the program is not there, 124 when it took longer than a minute or was stopped. `stop`
  // ends at once what nobody else waits for; it is asked for on the loop.
  asio::awaitable<Answers> run(std::vector<modules::Probe> probes, std::stop_token stop = {});

  void stop();                   // ends all that runs; every caller gets an answer
  asio::awaitable<void> join();  // returns when nothing runs

 private:
  struct Question;
  using Shared = std::shared_ptr<Question>;
  Shared ask(const modules::Probe& probe);
  void start_waiting();
  void give_up(const Shared& question);
  void forget(const Shared& question);
  asio::awaitable<void> answer(Shared question);
  asio::awaitable<modules::ProbeResult> execute(Shared question);

  asio::any_io_executor executor_;
  TaskGroup running_;
  std::deque<Shared> waiting_;
  std::size_t busy_ = 0;
  std::map<std::string, Shared> known_;  // by the whole command
};

}  // namespace sisyphus::actors
