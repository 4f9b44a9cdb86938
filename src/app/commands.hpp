#pragma once

#include "app/command.hpp"

// What main.cpp's table names; each is written in NAME_command.cpp, the four on a job's state in
// job_action_commands.cpp, plan and validate in plan_command.cpp.
namespace sisyphus::app {

RunCommand add_server_command(CLI::App& app);
RunCommand add_worker_command(CLI::App& app);
RunCommand add_run_command(CLI::App& app);
RunCommand add_plan_command(CLI::App& app);
RunCommand add_validate_command(CLI::App& app);
RunCommand add_schema_command(CLI::App& app);
RunCommand add_submit_command(CLI::App& app);
RunCommand add_watch_command(CLI::App& app);
RunCommand add_list_command(CLI::App& app);
RunCommand add_show_command(CLI::App& app);
RunCommand add_log_command(CLI::App& app);
RunCommand add_cancel_command(CLI::App& app);
RunCommand add_priority_command(CLI::App& app);
RunCommand add_pause_command(CLI::App& app);
RunCommand add_resume_command(CLI::App& app);
RunCommand add_retry_command(CLI::App& app);
RunCommand add_workers_command(CLI::App& app);
RunCommand add_queue_command(CLI::App& app);
RunCommand add_data_command(CLI::App& app);
RunCommand add_journal_command(CLI::App& app);

}  // namespace sisyphus::app
