#include "app/journal_repair_command.hpp"

#include "app/client_command.hpp"
#include "queue/journal.hpp"
#include "queue/journal_repair.hpp"
#include "queue/journal_survey.hpp"
#include "queue/manifest.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <string>

#include <unistd.h>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

std::string batches_of(const queue::Loss& loss) {
  if (loss.first_sequence == 0) return "";
  if (loss.first_sequence == loss.last_sequence) return fmt::format(", batch {}", loss.first_sequence);
  return fmt::format(", batches {} to {}", loss.first_sequence, loss.last_sequence);
}

void tell(const queue::JournalRepair& repair) {
  fmt::print("It can save {} records and {} jobs. What is lost:\n", repair.records(), repair.jobs());
  for (const queue::Loss& loss : repair.losses()) {
    fmt::print("  {}, bytes {} to {}{}: {}\n", loss.path, loss.begin, loss.end, batches_of(loss), loss.what);
  }
  for (const auto& [first, last] : repair.lost_jobs()) {
    fmt::print("  the jobs that were submitted as number {} to {}\n", first, last);
  }
  if (repair.senseless() != 0) {
    fmt::print("  {} records that say nothing without those\n", repair.senseless());
  }
}

std::string repair_json(const queue::JournalRepair& repair, const std::string& folder) {
  json::array losses;
  for (const queue::Loss& loss : repair.losses()) {
    losses.push_back(json::object{{"file", loss.path},
                                  {"begin", loss.begin},
                                  {"end", loss.end},
                                  {"what", loss.what},
                                  {"first_batch", loss.first_sequence},
                                  {"last_batch", loss.last_sequence}});
  }
  json::array jobs;
  for (const auto& [first, last] : repair.lost_jobs()) jobs.push_back(json::array{first, last});
  const json::object object{{"repaired", !folder.empty()}, {"records", repair.records()},
                            {"jobs", repair.jobs()},       {"lost", losses},
                            {"lost_jobs", jobs},           {"senseless", repair.senseless()},
                            {"damaged_files", folder}};
  return json::serialize(object);
}

bool agreed(const RepairOptions& options) {
  if (options.yes) return true;
  if (::isatty(STDIN_FILENO) != 1) {
    fmt::print(stderr, "sisyphus: nothing was changed; --yes repairs without asking\n");
    return false;
  }
  fmt::print(stderr, "Repair it? [y/N] ");
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

}  // namespace

int repair_journal(const RepairOptions& options) {
  auto& files = queue::real_file_system();
  const auto manifest = queue::read_manifest(files, options.directory);
  if (manifest && !*manifest) return report(not_found(options.directory + " holds no journal"));
  const auto lock = files.lock(options.directory + "/lock");
  if (!lock) return report(lock.error());
  const auto whole = queue::survey(files, options.directory);
  if (whole) {
    fmt::print("{}", options.json ? "{\"repaired\":false,\"lost\":[]}\n"
                                  : "It is whole: there is nothing to repair\n");
    return kExitDone;
  }
  auto repair = queue::JournalRepair::examine(files, options.directory);
  if (!repair) return report(repair.error());
  if (!options.json) tell(*repair);
  std::string folder;
  if (agreed(options)) {
    auto done = repair->carry_out(queue::Journal::Settings().segment_size);
    if (!done) {
      report(done.error());
      return 1;
    }
    folder = std::move(*done);
  }
  if (options.json) {
    fmt::print("{}\n", repair_json(*repair, folder));
  } else if (!folder.empty()) {
    fmt::print("Repaired. The damaged files are in {}\n", folder);
  }
  return folder.empty() ? 1 : kExitDone;
}

}  // namespace sisyphus::app
