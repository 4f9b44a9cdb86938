// One file operation as a worker does it, with its hidden folder and its memory of that, in one thread: so
// that a test can kill it at every system call.
//   file_tool STATE_DIR copy|move SOURCE TARGET
//   file_tool STATE_DIR delete PATH WORKING_DIR
// Prints the outcome; an error goes to standard error with exit code 1.

#include "actors/staging.hpp"
#include "actors/worker_state.hpp"
#include "core/file_transfer.hpp"
#include "modules/file_checks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace sisyphus {
namespace {

Result<FileOutcome> transfer(actors::WorkerState& state, FileTransfer::Kind kind, const std::string& source,
                             const std::string& target) {
  const JobId job = *parse_uuid("11111111-2222-4333-8444-555555555555");
  const std::string staged = modules::staged_path(target, fmt::format(".sisyphus-{}-1", to_string(job)));
  Result<FileOutcome> outcome = FileOutcome::done;
  {
    actors::Staging staging({{target, staged}});
    for (const std::string& folder : staging.folders()) {
      if (auto kept = state.remember_folder(job, folder); !kept) return kept.error();
    }
    if (auto prepared = staging.prepare(); !prepared) return prepared.error();
    FileTransfer transfer(kind, source, target, staged);
    outcome = transfer.begin(nullptr, {});
    if (outcome && *outcome == FileOutcome::copied) outcome = transfer.publish();
  }
  if (auto forgotten = state.done(job, true); !forgotten) return forgotten.error();
  return outcome;
}

Result<FileOutcome> perform(const std::string& state_dir, std::string_view verb, const std::string& first,
                            const std::string& second) {
  auto state = actors::WorkerState::open(state_dir);
  if (!state) return state.error();
  if (verb == "delete") return remove_path(first, second);
  return transfer(*state, verb == "move" ? FileTransfer::Kind::move : FileTransfer::Kind::copy, first,
                  second);
}

}  // namespace
}  // namespace sisyphus

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  spdlog::set_level(spdlog::level::off);  // the outcome is all that is wanted
  const auto outcome = sisyphus::perform(argv[1], argv[2], argv[3], argv[4]);
  if (!outcome) {
    fmt::print(stderr, "{}\n", outcome.error().detail);
    return 1;
  }
  fmt::print("{}\n", *outcome == sisyphus::FileOutcome::skipped ? "skipped" : "done");
  return 0;
}
