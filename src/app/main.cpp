#include "actors/guard.hpp"
#include "app/command_line.hpp"
#include "app/commands.hpp"

#include <string_view>

namespace {

using namespace sisyphus::app;

constexpr Command kCommands[] = {
    {"server", "Hold the queue behind an HTTP server", add_server_command},
    {"worker", "Take jobs from a server and run them", add_worker_command},
    {"run", "Run one job here, without a farm", add_run_command},
    {"plan", "Show the commands that a job would run", add_plan_command},
    {"validate", "Check a job as a worker here would", add_validate_command},
    {"schema", "Print the JSON Schema of a module's data", add_schema_command},
    {"submit", "Hand jobs to the server", add_submit_command},
    {"watch", "Show the progress of a job, or of all", add_watch_command},
    {"list", "List jobs, the newest first", add_list_command},
    {"show", "Show one job", add_show_command},
    {"log", "Show what the tools of a job said, or go on saying", add_log_command},
    {"cancel", "Cancel jobs, waiting or running", add_cancel_command},
    {"pause", "Hold jobs back, or stop them for a while", add_pause_command},
    {"resume", "Let paused jobs go on", add_resume_command},
    {"retry", "Queue failed or cancelled jobs again", add_retry_command},
    {"priority", "Change the priority of a job that waits", add_priority_command},
    {"workers", "List the workers that were heard of lately, or drain some", add_workers_command},
    {"queue", "Show, enable, disable or clear the queue", add_queue_command},
    {"data", "Read and write the documents of modules", add_data_command},
    {"journal", "Check, read or repair a server's data folder", add_journal_command},
};

}  // namespace

int main(int argc, char** argv) {
  // `sisyphus guard LIMITS -- program args…` is started for every task: nothing comes before it.
  if (argc > 4 && std::string_view(argv[1]) == "guard") return sisyphus::actors::run_guard(argv[2], argv + 4);
  return run_command_line(kCommands, argc, argv);
}
