#pragma once

#include "core/bell.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace sisyphus {

// Owns coroutines: starts them, logs why each ended, and joins all of them. Nothing here is ever detached.
// One thread; the group must outlive what it started, which join() makes sure of.
class TaskGroup {
 public:
  // `on_failure` is called with the name and the exception of a task that ended by one (a cancellation is
  // none). Without it a failure is only logged.
  using OnFailure = std::function<void(const std::string& name, std::exception_ptr)>;
  explicit TaskGroup(asio::any_io_executor executor, OnFailure on_failure = {});
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(std::string name, asio::awaitable<void> task);
  void cancel();  // cancels what every task waits for; they end with operation_aborted unless they catch it
  std::size_t size() const { return running_; }
  asio::awaitable<void> join();                       // returns when none is left
  asio::awaitable<bool> join_until(SteadyTime when);  // false: some are left

 private:
  struct Task;
  void ended(Task* task, std::exception_ptr failure);

  asio::any_io_executor executor_;
  OnFailure on_failure_;
  std::unique_ptr<Task> first_;  // an intrusive list: tasks come and go with every connection
  std::size_t running_ = 0;
  Bell empty_;
};

// "operation aborted: …", "boom": what an exception says. Null: "".
std::string describe(std::exception_ptr failure);
bool is_cancellation(std::exception_ptr failure);

}  // namespace sisyphus
