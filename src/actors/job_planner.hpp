#pragma once

#include "actors/probe_runner.hpp"
#include "modules/registry.hpp"

#include <asio/awaitable.hpp>
#include <boost/json/array.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace sisyphus::actors {

// Where option sets come from: a server, files, or nowhere. An empty optional: there is no such set.
class OptionSets {
 public:
  virtual ~OptionSets() = default;
  virtual asio::awaitable<Result<std::optional<boost::json::object>>> fetch(std::string module,
                                                                            std::string name) = 0;
};

struct PlannedTask {
  const modules::Module* module = nullptr;  // null when this worker has none of that name
  std::string module_name;
  modules::Planned planned;  // pointers are of the whole document: "/tasks/0/data/sources/1"
};

struct JobPlan {
  std::vector<PlannedTask> tasks;
  std::vector<modules::Problem> problems() const;  // of all tasks
};

// Initializes and validates every task of a job before any of them runs: finds the programs, fetches the
// option sets, runs the probes and asks the modules for their plans. Used by the worker, `plan` and
// `validate` alike. One loop; registry, probes and option sets outlive it.
class JobPlanner {
 public:
  JobPlanner(const modules::Registry& registry, ProbeRunner& probes, OptionSets& option_sets)
      : registry_(registry), probes_(probes), option_sets_(option_sets) {}

  struct Context {
    std::string working_directory;
    std::string attempt_folder;
    std::set<std::string> own_outputs;  // of an earlier attempt of the same job
    std::stop_token stop;  // the plan is not wanted any more: it comes soon, and is worth nothing
  };
  // What the tasks before one write; `done`: they have, right before that one runs.
  struct Earlier {
    std::set<std::string> written;
    std::map<std::string, std::vector<std::string>> streams;  // Plan::stream_types
    bool done = false;
  };
  // Errc::network when an option set could not be asked for.
  asio::awaitable<Result<JobPlan>> plan(boost::json::array tasks, Context context);
  // One task anew, right before it runs: what earlier ones wrote is there now.
  asio::awaitable<Result<PlannedTask>> plan_task(boost::json::object task, std::size_t index, Context context,
                                                 Earlier earlier);

 private:
  // A task that passed its schema, or one with the problems that keep it from being looked at further.
  struct Draft {
    PlannedTask task;
    std::string pointer;  // "/tasks/0"
    boost::json::object data;
    modules::Needs needs;
  };
  Draft draft(const boost::json::object& task, std::size_t index, const Context& context) const;
  // `answers` has those of the draft's probes.
  asio::awaitable<Result<PlannedTask>> finish(Draft draft, Context context, Earlier earlier,
                                              std::shared_ptr<const ProbeRunner::Answers> answers);

  const modules::Registry& registry_;
  ProbeRunner& probes_;
  OptionSets& option_sets_;
};

}  // namespace sisyphus::actors
