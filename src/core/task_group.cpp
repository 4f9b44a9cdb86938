#include "core/task_group.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <spdlog/spdlog.h>

#include <cassert>
#include <system_error>
#include <utility>

namespace sisyphus {

struct TaskGroup::Task {
  std::string name;
  asio::cancellation_signal signal;
  std::unique_ptr<Task> next;
  Task* previous = nullptr;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, OnFailure on_failure)
    : executor_(std::move(executor)), on_failure_(std::move(on_failure)), empty_(executor_) {}

TaskGroup::~TaskGroup() {
  assert(running_ == 0 && "join() the group before it goes");
  while (first_) first_ = std::move(first_->next);  // one by one: a long chain would recurse
}

void TaskGroup::spawn(std::string name, asio::awaitable<void> work) {
  auto owned = std::make_unique<Task>();
  Task* const task = owned.get();
  task->name = std::move(name);
  task->next = std::move(first_);
  if (task->next) task->next->previous = task;
  first_ = std::move(owned);
  ++running_;
  auto on_end = [this, task](std::exception_ptr failure) { ended(task, std::move(failure)); };
  asio::co_spawn(executor_, std::move(work),
                 asio::bind_cancellation_slot(task->signal.slot(), std::move(on_end)));
}

void TaskGroup::cancel() {
  // A cancelled operation completes by a post, so no task ends, and leaves the list, during this loop.
  for (Task* task = first_.get(); task != nullptr; task = task->next.get()) {
    task->signal.emit(asio::cancellation_type::terminal);
  }
}

void TaskGroup::ended(Task* task, std::exception_ptr failure) {
  std::unique_ptr<Task>& owner = task->previous ? task->previous->next : first_;
  const std::unique_ptr<Task> gone = std::move(owner);
  owner = std::move(gone->next);
  if (owner) owner->previous = gone->previous;
  --running_;
  if (failure && !is_cancellation(failure)) {
    spdlog::error("task_failed name={} error=\"{}\"", gone->name, describe(failure));
    if (on_failure_) on_failure_(gone->name, failure);
  }
  if (running_ == 0) empty_.ring();
}

asio::awaitable<void> TaskGroup::join() {
  while (running_ != 0) co_await empty_.wait();
}

asio::awaitable<bool> TaskGroup::join_until(SteadyTime when) {
  while (running_ != 0) {
    const bool rang = co_await empty_.wait_until(when);
    if (!rang) break;
  }
  co_return running_ == 0;
}

std::string describe(std::exception_ptr failure) {
  if (!failure) return "";
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

bool is_cancellation(std::exception_ptr failure) {
  if (!failure) return false;
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace sisyphus
