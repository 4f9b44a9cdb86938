#include "app/client_command.hpp"
#include "app/commands.hpp"
#include "app/journal_repair_command.hpp"
#include "app/record_json.hpp"
#include "queue/history.hpp"
#include "queue/journal_files.hpp"
#include "queue/journal_survey.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sisyphus::app {
namespace {

namespace json = boost::json;

struct Options {
  std::string action;
  std::string directory;
  bool documents = false;
  bool yes = false;
  bool json = false;
};

std::string torn_tail(const queue::Survey& survey) {
  if (survey.end.torn.empty()) return "";
  return fmt::format("{} bytes of a batch that is not whole stand behind the last one, at byte {} of {}",
                     survey.end.torn.size(), survey.end.offset,
                     queue::segment_name(survey.end.segment.number));
}

int tell_damage(const Options& options, const Error& error, const std::optional<queue::Damage>& damage) {
  if (options.json && damage) {
    const json::object object{
        {"ok", false}, {"file", damage->path}, {"offset", damage->offset}, {"error", damage->what}};
    fmt::print("{}\n", json::serialize(object));
  } else {
    report(error);
  }
  return damage ? 1 : kExitUsage;
}

// A compaction may take the files away while they are read. It comes seldom, so three times are enough.
Result<queue::Survey> survey_of(const Options& options, std::optional<queue::Damage>* damage) {
  auto& files = queue::real_file_system();
  for (int tries = 1;; ++tries) {
    damage->reset();
    auto survey = queue::survey(files, options.directory, {}, damage);
    const bool again = !survey && survey.error().code == Errc::conflict && tries < 3;
    if (!again) return survey;
  }
}

std::uint64_t texts_of(const queue::Survey& survey) {
  std::uint64_t texts = 0;
  for (const auto& [segment, used] : survey.state->jobs.table().history().used()) texts += used.entries;
  return texts;
}

struct Verified {
  queue::Survey survey;
  std::vector<queue::DamagedText> damaged;
};

// A server may forget a job, and remove the file with its text, while the files are read: what is wrong is so
// every time.
Result<Verified> verified(const Options& options, std::optional<queue::Damage>* damage) {
  for (int tries = 1;; ++tries) {
    auto survey = survey_of(options, damage);
    if (!survey) return survey.error();
    auto damaged = queue::damaged_texts(queue::real_file_system(), *survey);
    if (damaged.empty() || tries == 3) return Verified{std::move(*survey), std::move(damaged)};
  }
}

json::array texts_json(const std::vector<queue::DamagedText>& damaged) {
  json::array list;
  for (const auto& text : damaged)
    list.push_back(json::object{{"job_id", to_string(text.job)}, {"error", text.what}});
  return list;
}

int verify(const Options& options) {
  std::optional<queue::Damage> damage;
  const auto found = verified(options, &damage);
  if (!found) return tell_damage(options, found.error(), damage);
  const queue::Survey* const survey = &found->survey;
  std::uint64_t records = 0;
  for (const auto& [type, count] : survey->records) records += count;
  const std::string torn = torn_tail(*survey);
  if (options.json) {
    const json::object object{{"ok", found->damaged.empty()},
                              {"batches", survey->end.last_sequence},
                              {"records", records},
                              {"jobs", survey->state->jobs.size()},
                              {"texts", texts_of(*survey)},
                              {"damaged_texts", texts_json(found->damaged)},
                              {"torn_bytes", survey->end.torn.size()}};
    fmt::print("{}\n", json::serialize(object));
  } else {
    fmt::print("whole: {} records up to batch {}, {} jobs\n", records, survey->end.last_sequence,
               survey->state->jobs.size());
    fmt::print("history: the texts of {} finished jobs, {} of them damaged\n", texts_of(*survey),
               found->damaged.size());
    for (const auto& text : found->damaged)
      fmt::print(stderr, "sisyphus: job {}: {}\n", to_string(text.job), text.what);
    if (!torn.empty()) fmt::print("{}: the next start cuts it off and keeps it beside the journal\n", torn);
  }
  return found->damaged.empty() ? kExitDone : 1;
}

std::uint64_t job_number(const queue::Record& record) {
  if (const auto* finished = std::get_if<queue::Finished>(&record)) return finished->order;
  return std::get<queue::Kept>(record).order;
}

int dump(const Options& options) {
  std::optional<queue::Damage> damage;
  auto& files = queue::real_file_system();
  std::map<std::uint64_t, JobId> ids;  // by number, to know whose text is whose
  const auto print = [&](const queue::Record& record, const queue::RecordPlace& place) {
    if (const auto* submitted = std::get_if<queue::Submitted>(&record)) ids[submitted->order] = submitted->id;
    std::optional<Result<queue::HistoryText>> text;
    if (const auto at = text_place(record); at && options.documents)
      text = queue::read_history(files, options.directory, at, ids[job_number(record)]);
    fmt::print("{}\n", record_line(record, place, options.documents, text));
  };
  const auto survey = queue::survey(files, options.directory, print, &damage);
  if (!survey) {
    report(survey.error());
    return damage ? 1 : kExitUsage;
  }
  const std::string torn = torn_tail(*survey);
  if (!torn.empty()) fmt::print(stderr, "sisyphus: {}\n", torn);
  return kExitDone;
}

std::array<std::size_t, 7> jobs_by_state(const queue::JobQueue& jobs) {
  std::array<std::size_t, 7> counts{};
  for (const queue::Job& job : jobs.table().ordered()) ++counts.at(static_cast<std::size_t>(job.state));
  return counts;
}

void print_stats(const queue::Survey& survey, std::uint64_t live, std::uint64_t history) {
  const auto percent = [&](std::uint64_t part) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(survey.size(), 1));
  };
  fmt::print("{:<11}{}\n", "store", to_string(survey.range.store_id));
  if (survey.end.snapshot_size != 0) {
    fmt::print("{:<11}{}, {} bytes\n", "snapshot", queue::snapshot_name(survey.range.first),
               survey.end.snapshot_size);
  }
  fmt::print("{:<11}{}, up to {}\n", "segments", survey.end.segment_size.size(),
             queue::segment_name(survey.end.segment.number));
  fmt::print("{:<11}{} bytes in all, {} ({:.0f} %) for what is there still\n", "size", survey.size(), live,
             percent(live));
  fmt::print("{:<11}{}\n", "batches", survey.end.last_sequence);
  for (const auto& [type, count] : survey.records) fmt::print("{:<11}{} {}\n", "records", count, type);
  const auto counts = jobs_by_state(survey.state->jobs);
  for (std::size_t state = 0; state < counts.size(); ++state) {
    if (counts[state] == 0) continue;
    fmt::print("{:<11}{} {}\n", "jobs", counts[state], to_string(static_cast<JobState>(state)));
  }
  fmt::print("{:<11}{}\n", "documents", survey.state->documents.size());
  fmt::print("{:<11}the texts of {} finished jobs, {} bytes\n", "history", texts_of(survey), history);
  if (const std::string torn = torn_tail(survey); !torn.empty()) fmt::print("{:<11}{}\n", "torn", torn);
}

std::string stats_json(const queue::Survey& survey, std::uint64_t live, std::uint64_t history) {
  json::object records;
  for (const auto& [type, count] : survey.records) records[type] = count;
  json::object jobs;
  const auto counts = jobs_by_state(survey.state->jobs);
  for (std::size_t state = 0; state < counts.size(); ++state) {
    if (counts[state] != 0) jobs[to_string(static_cast<JobState>(state))] = counts[state];
  }
  const json::object object{{"store_id", to_string(survey.range.store_id)},
                            {"snapshot_bytes", survey.end.snapshot_size},
                            {"segments", survey.end.segment_size.size()},
                            {"bytes", survey.size()},
                            {"live_bytes", live},
                            {"batches", survey.end.last_sequence},
                            {"records", records},
                            {"jobs", jobs},
                            {"documents", survey.state->documents.size()},
                            {"texts", texts_of(survey)},
                            {"history_bytes", history},
                            {"torn_bytes", survey.end.torn.size()}};
  return json::serialize(object);
}

int stats(const Options& options) {
  std::optional<queue::Damage> damage;
  const auto survey = survey_of(options, &damage);
  if (!survey) return tell_damage(options, survey.error(), damage);
  const auto live = queue::live_bytes(queue::real_file_system(), *survey);
  if (!live) return report(live.error());
  const auto history = queue::history_size(queue::real_file_system(), options.directory);
  if (!history) return report(history.error());
  if (options.json) {
    fmt::print("{}\n", stats_json(*survey, *live, *history));
  } else {
    print_stats(*survey, *live, *history);
  }
  return kExitDone;
}

int run(const Options& options) {
  if (options.action == "verify") return verify(options);
  if (options.action == "dump") return dump(options);
  if (options.action == "stats") return stats(options);
  return repair_journal({options.directory, options.yes, options.json});
}

}  // namespace

RunCommand add_journal_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option(
         "ACTION", options->action,
         "verify (is it whole?), dump (every record as a line of JSON), stats (what takes the room) or "
         "repair (save what can be read of one that a server refuses)")
      ->required()
      ->check(CLI::IsMember({"verify", "dump", "stats", "repair"}));
  app.add_option("DIR", options->directory, "The server's data folder, or a copy of it")->required();
  app.add_flag("--documents", options->documents,
               "dump: with the documents of jobs and modules, and what finished jobs have said");
  app.add_flag("--yes", options->yes, "repair: without asking");
  add_json_option(app, options->json, "verify, stats, repair: one JSON object; dump is JSON always");
  app.footer(
      "verify, dump and stats change nothing and may look at a folder that a server is using. repair needs "
      "the\n"
      "folder for itself; it keeps the damaged files in DIR/damaged-NUMBER.\n"
      "Exit code 1: the journal is damaged (verify, dump, stats), or it was not repaired.\n"
      "Examples:\n"
      "  sisyphus journal verify /var/lib/sisyphus\n"
      "  sisyphus journal dump --documents /var/lib/sisyphus | jq 'select(.type == \"submitted\")'\n"
      "  sisyphus journal stats --json /var/lib/sisyphus\n"
      "  sisyphus journal repair /var/lib/sisyphus");
  return [options] { return run(*options); };
}

}  // namespace sisyphus::app
