#pragma once

#include "core/errc.hpp"
#include "core/progress.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A module turns the `data` of a task into something that can be run, and the lines its tool prints into
// progress. It performs nothing: it says which option sets and probes it needs, is given their results as
// Facts, and answers with a Plan or with every problem it found. Who performs: actors/.
namespace sisyphus::modules {

// One thing that is wrong with a task, for people. Pointers are relative to the task's data ("/sources/0").
struct Problem {
  // document: wrong here and everywhere. environment: wrong on this machine now (a missing file, a program).
  // finding: nothing is wrong with the task; it is there to find this out, and has failed.
  enum class Kind { document, environment, finding };
  Kind kind = Kind::document;
  std::string pointer;
  std::string message;  // what was found, what was expected

  bool operator==(const Problem&) const = default;
};

// A program to run before planning, whose output is a fact about a file or a tool. Never writes.
struct Probe {
  std::string key;                // what Facts::probes files it under
  std::vector<std::string> argv;  // program by base name
  std::string path;               // file whose content it reads; empty for a fact about the tool itself
};

struct ProbeResult {
  int exit_code = 0;  // 128 + n after signal n, 127 when the program was not found
  std::string out;
  std::string err;
};

// What a module wants to know before it can plan.
struct Needs {
  std::vector<std::string> programs;     // base names that must be on PATH
  std::vector<std::string> option_sets;  // names, fetched from /data/{module}/{name}
  std::vector<Probe> probes;
};

// What is known when it plans. Paths in here are absolute and lexically normal.
struct Facts {
  std::string working_directory;                // absolute; what relative paths are relative to
  std::string attempt_folder;                   // base name: ".sisyphus-JOB-ATTEMPT"
  std::map<std::string, std::string> programs;  // base name -> absolute path; absent when not found
  std::map<std::string, boost::json::object> option_sets;  // name -> the document's `options`
  std::map<std::string, ProbeResult> probes;               // by Probe::key; absent when it was not run
  std::set<std::string> written_before;                    // outputs of earlier tasks of the same job
  std::map<std::string, std::vector<std::string>> streams_before;  // Plan::stream_types of earlier tasks
  bool earlier_tasks_done = false;    // right before the run: what earlier tasks write is there by now
  std::set<std::string> own_outputs;  // targets that an earlier attempt of the same job wrote
};

// A file that a task makes. The tool writes `staged`, in the attempt's hidden folder beside the target; on
// success it is renamed to `path`. Both have the same base name, as tools go by it, unless the tool cannot
// take that. (docs/reliability.md; semantics I9)
struct Output {
  std::string path;      // absolute
  std::string staged;    // absolute
  bool replace = true;   // false: an existing target is never replaced
  bool required = true;  // false: a tool that ended well may have had nothing to write
};

// How the process group of a task is ended on cancel (semantics C2).
enum class StopPolicy {
  kill,       // SIGKILL at once: what it wrote is thrown away anyway
  terminate,  // SIGTERM and SIGCONT, a grace, SIGKILL
};

// Run a program.
struct RunProgram {
  std::vector<std::string> argv;      // absolute program first; what is executed
  std::optional<std::string> input;   // for standard input; none: /dev/null
  std::vector<int> success_codes{0};  // exit codes that mean success
};

// Change files (cleanup). Done in order, off the event loop; absolute paths.
struct FileOperation {
  enum class Kind { remove, copy, move };
  Kind kind;
  std::string source;         // the path to remove, for remove
  std::string destination{};  // the file's new path, for copy and move
  std::string staged{};       // where a copy grows until it is whole, as Output::staged; for copy and move
};
struct ChangeFiles {
  std::vector<FileOperation> operations;
};

// Nothing to do: all was decided when it was planned.
struct NoAction {};

struct Plan {
  // The original's vector, program by base name; empty for modules without a program.
  std::vector<std::string> argv;
  std::variant<RunProgram, ChangeFiles, NoAction> action;
  std::vector<std::string> inputs;  // absolute paths that are read
  std::vector<Output> outputs;
  // Texts that the tool reads, by absolute path inside an attempt's folder: written before the run, never
  // published.
  std::map<std::string, std::string> support_files;
  // What exists once the task is done, absolute and lexically normal: what later tasks of the job may read.
  std::vector<std::string> writes;
  // Of files among `writes`, where it can be told: the kind of each track, in mkvmerge's words (video, audio,
  // subtitles, buttons) and its order.
  std::map<std::string, std::vector<std::string>> stream_types;
  std::map<std::string, double> resources;  // as Module::resources()
  StopPolicy stop = StopPolicy::kill;
  std::optional<std::chrono::milliseconds> timeout;  // of the run, pauses not counted
  bool irreversible = false;  // it destroys something: mark the job first (semantics I8)
  // What progress is measured against; empty where it could not be told.
  std::optional<std::int64_t> total_frames;
  std::optional<double> total_seconds;
  bool encodes = false;  // so it takes far longer than reading its inputs does
  // What was found out when it was planned; beside a problem, too. Goes into the job's info.results.
  boost::json::object results;
  boost::json::object expected;  // of what its tool finds out, for the module's own reader
};

struct Planned {
  std::optional<Plan> plan;  // absent when a problem leaves open what would be run
  // Not empty: why the vectors of the plan are empty and must be; they depend on what an earlier task writes.
  // Never when Facts::earlier_tasks_done.
  std::string deferred;
  std::vector<Problem> problems;  // all of them, in the order of the document
  std::vector<std::string> warnings;
};

// What a tool said that outlives its progress, for people.
struct Remarks {
  std::vector<std::string> warnings;
  std::vector<std::string> errors;  // why it failed, of tools that say so on standard output
  boost::json::object results;      // what it found out: goes into the job's info.results
  bool failed = false;              // for the reasons in `errors`, even if it exits as on success
};

// Reads what a tool says, one line at a time (without its line end), and keeps what it has to between lines.
class ProgressReader {
 public:
  virtual ~ProgressReader() = default;
  // Of standard output. A new state of the progress, when this line completed one.
  virtual std::optional<Progress> line(std::string_view text) = 0;
  virtual void error_line(std::string_view) {}    // of standard error
  virtual Remarks remarks() const { return {}; }  // so far
};

class Module {
 public:
  virtual ~Module() = default;
  virtual std::string_view name() const = 0;
  virtual const boost::json::value& schema() const = 0;  // JSON Schema, draft-07
  // Only asked for data that passes the schema.
  virtual Needs needs(const boost::json::object& data, const std::string& working_directory) const = 0;
  virtual Planned plan(const boost::json::object& data, const Facts& facts) const = 0;
  // Amounts of its worker's resources that a task takes; the whole job holds them while it runs.
  virtual std::map<std::string, double> resources() const { return {}; }
  // Null for a module without a program.
  virtual std::unique_ptr<ProgressReader> progress(const Plan& plan) const = 0;
};

}  // namespace sisyphus::modules
