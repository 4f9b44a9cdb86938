#pragma once

#include "core/clock.hpp"
#include "core/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus {

// What a job is said to be. `paused` is a waiting or running job that is held.
enum class JobState : std::uint8_t { queued, running, cancelling, paused, completed, failed, cancelled };

const char* to_string(JobState state);
std::optional<JobState> parse_job_state(std::string_view text);
constexpr bool is_terminal(JobState state) {
  return state >= JobState::completed;
}

// What a job asks of the worker that runs it. Sorted and free of doubles, so that equal demands compare
// equal.
struct Requirements {
  std::vector<std::string> modules;  // every module its tasks name
  std::vector<std::string> labels;
  std::map<std::string, double> resources;  // name -> amount, > 0

  auto operator<=>(const Requirements&) const = default;
};

// One grant of a job and how it went.
struct Attempt {
  enum class End { running, completed, failed, lost, cancelled, handed_back };
  int number = 0;  // 1 is the first; one that was handed back costs none, so its number comes again
  End end = End::running;
  std::string worker_id;
  std::string reason;  // why it ended so, empty where there is nothing to say
  WallTime started_at{};
  std::optional<WallTime> ended_at;

  bool operator==(const Attempt&) const = default;
};

const char* to_string(Attempt::End end);

// What a worker offers. Without `modules` it takes any (the original client says nothing of them).
struct Offer {
  std::optional<std::vector<std::string>> modules;
  std::vector<std::string> labels;
  std::map<std::string, double> resources;  // what is free just now
  std::map<std::string, std::map<std::string, double>>
      module_resources{};  // that its modules take, as far as told

  bool operator==(const Offer&) const = default;
};

bool fits(const Requirements& wanted, const Offer& offer);

constexpr int kMinPriority = -100;
constexpr int kMaxPriority = 100;
constexpr int kUsualAttempts = 3;
constexpr int kMostAttempts = 1000;

// The few facts about a job that dispatch needs. The journal keeps them beside the document, so that a start
// does not read every document again.
struct JobFacts {
  Requirements needs;
  int priority = 0;                   // kMinPriority..kMaxPriority, higher first
  int max_attempts = kUsualAttempts;  // grants that count, 1..kMostAttempts
  std::optional<WallTime> not_before;
  std::string idempotency_key;  // empty: none

  bool operator==(const JobFacts&) const = default;
};

// What is read from a job's document when it is submitted.
struct JobSpec : JobFacts {
  std::string title;
  std::size_t task_count = 0;
  std::optional<double> timeout_s;  // of the run, pauses not counted
};

}  // namespace sisyphus
