#include "app/worker_options.hpp"

#include "app/modules_option.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

#include <unistd.h>

namespace sisyphus::app {
namespace {

Millis millis(double seconds) {
  return Millis(static_cast<std::int64_t>(seconds * 1000));
}

// The XDG base directory specification: $XDG_STATE_HOME, ~/.local/state; a service without a home has
// /var/lib.
std::string default_state_dir() {
  if (const char* const state = std::getenv("XDG_STATE_HOME"); state && *state)
    return std::string(state) + "/sisyphus";
  if (const char* const home = std::getenv("HOME"); home && *home)
    return std::string(home) + "/.local/state/sisyphus";
  return "/var/lib/sisyphus";
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

Result<actors::ChildLimits> limits_of(const WorkerFlags& flags) {
  actors::ChildLimits limits;
  limits.nice = flags.nice;
  if (!flags.ionice.empty()) {
    const auto priority = actors::parse_io_priority(flags.ionice);
    if (!priority) return invalid("--ionice " + priority.error().detail);
    limits.io_priority = *priority;
  }
  if (!flags.memory_limit.empty()) {
    const auto memory = actors::parse_memory(flags.memory_limit);
    if (!memory) return invalid("--memory-limit " + memory.error().detail);
    limits.memory = *memory;
  }
  return limits;
}

}  // namespace

void add_worker_flags(CLI::App& app, WorkerFlags& flags) {
  flags.hostname = this_host();
  flags.state_dir = default_state_dir();
  const auto seconds = CLI::Range(0.05, 86400.0);
  app.add_option("--slots", flags.slots, "Jobs that run at once")
      ->envname("SISYPHUS_SLOTS")
      ->check(CLI::Range(1, 1024));
  app.add_option("--id", flags.id, "The worker's id; made once and kept in the state folder when not given")
      ->envname("HOST_UUID")
      ->type_name("UUID");
  app.add_option("--hostname", flags.hostname, "Name that lists show for this worker")
      ->envname("HOSTNAME_OVERRIDE");
  app.add_option("--state-dir", flags.state_dir,
                 "Folder of what the worker remembers over a restart; one for each worker")
      ->envname("SISYPHUS_STATE_DIR")
      ->type_name("DIR");
  app.add_option("--work-dir", flags.work_dir,
                 "Folder that relative paths in jobs start from; default: the present one")
      ->envname("SISYPHUS_WORK_DIR")
      ->type_name("DIR");
  add_modules_option(app, flags.modules_dir);
  app.add_option("--label", flags.labels, "A label that jobs may require, e.g. nvenc; repeatable")
      ->envname("SISYPHUS_LABEL")
      ->default_str("");
  app.add_option("--resource", flags.resources,
                 "An amount that jobs may require a part of, e.g. gpu=2; repeatable")
      ->envname("SISYPHUS_RESOURCE")
      ->default_str("")
      ->type_name("NAME=AMOUNT");
  app.add_option("--nice", flags.nice, "Niceness of the tools, added to the worker's own; 19 is the nicest")
      ->envname("SISYPHUS_NICE")
      ->check(CLI::Range(0, 19));
  app.add_option(
         "--ionice", flags.ionice,
         "I/O priority of the tools: idle, or best-effort:LEVEL with a level from 0, the first, to 7; "
         "default: the worker's own")
      ->envname("SISYPHUS_IONICE")
      ->default_str("")
      ->type_name("CLASS");
  app.add_option("--memory-limit", flags.memory_limit,
                 "Memory that each process of a tool may take, e.g. 8G; default: no limit")
      ->envname("SISYPHUS_MEMORY_LIMIT")
      ->default_str("")
      ->type_name("SIZE");
  app.add_option(
         "--min-free-gb", flags.min_free_gb,
         "Gigabytes that the disks a job writes to must have free before it starts; otherwise it is handed "
         "back")
      ->envname("SISYPHUS_MIN_FREE_GB")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--cancel-grace", flags.cancel_grace_s,
                 "Seconds between SIGTERM and SIGKILL for tools that are asked first, and to hand jobs back "
                 "at the end")
      ->envname("SISYPHUS_CANCEL_GRACE")
      ->check(seconds);
  app.add_option("--heartbeat-interval", flags.heartbeat_interval_s, "Seconds between heartbeats")
      ->envname("HEARTBEAT_INTERVAL")
      ->check(seconds);
  app.add_option("--poll-interval", flags.poll_interval_s,
                 "Seconds between polls of a server without long polls")
      ->envname("QUEUE_POLL_INTERVAL")
      ->check(seconds);
  app.add_option("--network-retry", flags.network_retry_s,
                 "Longest pause, in seconds, before the server is tried again")
      ->envname("NETWORK_RETRY_INTERVAL")
      ->check(seconds);
}

Result<actors::WorkerSettings> settings_of(const WorkerFlags& flags) {
  actors::WorkerSettings settings;
  settings.hostname = flags.hostname;
  settings.slots = flags.slots;
  settings.labels = flags.labels;
  for (const std::string& text : flags.resources) {
    const std::size_t equals = text.find('=');
    double amount = 0;
    const char* const end = text.data() + text.size();
    const bool good = equals != std::string::npos && equals != 0 &&
                      std::from_chars(text.data() + equals + 1, end, amount).ptr == end && amount > 0;
    if (!good)
      return invalid(fmt::format("--resource must be NAME=AMOUNT, such as gpu=2; found \"{}\"", text));
    settings.resources[text.substr(0, equals)] = amount;
  }
  auto limits = limits_of(flags);
  if (!limits) return limits.error();
  settings.limits = *limits;
  settings.min_free = static_cast<std::uint64_t>(flags.min_free_gb * 1e9);
  settings.grace = millis(flags.cancel_grace_s);
  settings.heartbeat_interval = millis(flags.heartbeat_interval_s);
  settings.poll_interval = millis(flags.poll_interval_s);
  settings.network_retry = millis(flags.network_retry_s);
  std::error_code code;
  settings.working_directory = flags.work_dir.empty()
                                   ? std::filesystem::current_path(code).string()
                                   : std::filesystem::canonical(flags.work_dir, code).string();
  if (code) return io_error("--work-dir " + flags.work_dir, code);
  return settings;
}

}  // namespace sisyphus::app
