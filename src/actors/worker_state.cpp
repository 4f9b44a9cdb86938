#include "actors/worker_state.hpp"

#include "core/parse_json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kFolderPrefix = ".sisyphus-";

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// By temp and rename, so that a crash leaves the old file or the new one.
Result<void> write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return io_error("cannot write " + temporary, errno);
  std::error_code code;
  fs::rename(temporary, path, code);
  if (code) return io_error("cannot write " + path, code);
  return {};
}

std::set<std::string> strings(const json::object& object, json::string_view name) {
  std::set<std::string> result;
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return result;
  for (const json::value& element : value->get_array()) {
    if (element.is_string()) result.emplace(element.get_string());
  }
  return result;
}

}  // namespace

Result<void> remove_attempt_folder(const std::string& folder) {
  const fs::path path(folder);
  if (!path.filename().string().starts_with(kFolderPrefix)) {
    return invalid(fmt::format("{} is no folder of an attempt: it is left alone", folder));
  }
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return io_error("cannot remove " + folder, code);
  return {};
}

Result<WorkerState> WorkerState::open(std::string directory) {
  WorkerState state(fs::absolute(directory).string());
  std::error_code code;
  fs::create_directories(state.directory_ + "/jobs", code);
  if (code) return io_error("cannot create the state folder " + state.directory_, code);
  fs::create_directories(state.directory_ + "/logs", code);
  if (code) return io_error("cannot create " + state.directory_ + "/logs", code);
  const std::string lock = state.directory_ + "/lock";
  state.lock_ = UniqueFd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!state.lock_) return io_error("cannot create " + lock, errno);
  if (::flock(state.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{
        Errc::conflict,
        fmt::format("another worker uses the state folder {}; give this one its own with --state-dir",
                    state.directory_),
        {}};
  }
  if (auto swept = state.sweep(); !swept) return swept.error();
  state.remove_old_logs();
  return state;
}

Result<std::string> WorkerState::worker_id(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const std::string path = directory_ + "/worker-id";
  std::string id = text_of(path);
  while (!id.empty() && id.back() == '\n') id.pop_back();
  if (!id.empty()) return id;
  id = to_string(make_uuid());
  if (auto written = write_file(path, id + "\n"); !written) return written.error();
  return id;
}

std::string WorkerState::file_of(const JobId& job) const {
  return fmt::format("{}/jobs/{}", directory_, to_string(job));
}

WorkerState::Memory WorkerState::read(const JobId& job) const {
  const auto value = parse_json(text_of(file_of(job)));
  if (!value || !value->is_object()) return {};
  const json::object& object = value->get_object();
  const json::value* const lease = object.if_contains("lease");
  const auto token =
      lease && lease->is_string() ? parse_lease_token(std::string_view(lease->get_string())) : std::nullopt;
  return {token.value_or(LeaseToken()), strings(object, "folders"), strings(object, "outputs")};
}

Result<void> WorkerState::write(const JobId& job, const Memory& memory) {
  if (!memory.lease && memory.folders.empty() && memory.outputs.empty()) {
    std::error_code code;
    fs::remove(file_of(job), code);
    if (code) return io_error("cannot remove " + file_of(job), code);
    return {};
  }
  json::object object{{"folders", json::value_from(memory.folders)},
                      {"outputs", json::value_from(memory.outputs)}};
  if (memory.lease) object["lease"] = to_string(memory.lease);
  return write_file(file_of(job), json::serialize(object) + "\n");
}

Result<void> WorkerState::remember_lease(const JobId& job, LeaseToken token) {
  Memory memory = read(job);
  memory.lease = token;
  return write(job, memory);
}

Result<void> WorkerState::forget_lease(const JobId& job) {
  return remember_lease(job, {});
}

Result<void> WorkerState::remember_folder(const JobId& job, const std::string& folder) {
  Memory memory = read(job);
  memory.folders.insert(folder);
  return write(job, memory);
}

Result<void> WorkerState::remember_output(const JobId& job, const std::string& path) {
  Memory memory = read(job);
  if (!memory.outputs.insert(path).second) return {};
  return write(job, memory);
}

std::set<std::string> WorkerState::outputs_of(const JobId& job) const {
  return read(job).outputs;
}

Result<void> WorkerState::done(const JobId& job, bool forget_outputs) {
  Memory memory = read(job);
  memory.folders.clear();
  if (forget_outputs) memory.outputs.clear();
  return write(job, memory);
}

std::string WorkerState::log_path(const JobId& job, int attempt) {
  static constexpr std::size_t kBetween = 100;
  if (++logs_ % kBetween == 0) remove_old_logs();
  return fmt::format("{}/logs/{}-{}.log", directory_, to_string(job), attempt);
}

// A job that is not over keeps its logs however long it runs: their beginning is not written to any more.
void WorkerState::remove_old_logs() const {
  static constexpr std::size_t kIdSize = 36;  // a log's name begins with its job's id
  std::vector<std::pair<fs::file_time_type, fs::path>> logs;
  std::error_code code;
  for (fs::directory_iterator at(directory_ + "/logs", code), end; !code && at != end; at.increment(code)) {
    std::error_code gone;
    logs.emplace_back(fs::last_write_time(at->path(), gone), at->path());
  }
  if (!code && logs.size() > kMostLogs) {
    const auto stay = logs.end() - static_cast<std::ptrdiff_t>(kMostLogs);
    std::nth_element(logs.begin(), stay, logs.end());
    for (auto at = logs.begin(); !code && at != stay; ++at) {
      const fs::path job = fs::path(directory_) / "jobs" / at->second.filename().string().substr(0, kIdSize);
      std::error_code unseen;
      if (!fs::exists(job, unseen)) fs::remove(at->second, code);
    }
  }
  if (code) spdlog::warn("old_logs_not_removed folder=\"{}/logs\" error=\"{}\"", directory_, code.message());
}

Result<void> WorkerState::sweep() {
  std::vector<JobId> jobs;
  std::error_code code;
  for (fs::directory_iterator at(directory_ + "/jobs", code), end; !code && at != end; at.increment(code)) {
    if (const auto id = parse_uuid(at->path().filename().string())) jobs.push_back(*id);
  }
  if (code) return io_error("cannot list " + directory_ + "/jobs", code);
  for (const JobId& job : jobs) {
    if (const LeaseToken lease = read(job).lease) abandoned_.push_back({job, lease});
    for (const std::string& folder : read(job).folders) {
      if (auto removed = remove_attempt_folder(folder); !removed) {
        // Its disk may not be there just now: the worker works all the same, and tries again next time.
        spdlog::warn("sweep_failed job_id={} error=\"{}\"", to_string(job), removed.error().detail);
        continue;
      }
      ++swept_;
      spdlog::info("swept job_id={} folder=\"{}\"", to_string(job), folder);
    }
    if (auto forgotten = done(job, false); !forgotten) return forgotten.error();
  }
  return {};
}

}  // namespace sisyphus::actors
