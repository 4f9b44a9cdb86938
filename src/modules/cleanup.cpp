#include "modules/cleanup.hpp"

#include "modules/file_checks.hpp"
#include "modules/paths.hpp"
#include "modules/schema.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Kind = FileOperation::Kind;
constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

// Goes through the operations in order and keeps, over the file system as it is, what each of them changes.
class CleanupPlanner {
 public:
  explicit CleanupPlanner(const Facts& facts) : facts_(facts) {}

  void remove(std::string_view path, const std::string& pointer);
  void transfer(Kind kind, const json::object& item, const std::string& pointer);
  Planned finish();

 private:
  std::string absolute(std::string_view path) const { return absolute_path(path, facts_.working_directory); }
  std::string normal(std::string_view path) const { return normal_path(path, facts_.working_directory); }
  bool holds_working_folder(const std::string& path) const;
  void check_source(const std::string& path, const std::string& pointer);
  void check_can_go(const std::string& path, const std::string& pointer);
  void check_destination(const std::string& target, const std::string& pointer);
  void complain(Problem::Kind kind, const std::string& pointer, std::string message) {
    planned_.problems.push_back({kind, pointer, std::move(message)});
  }

  const Facts& facts_;
  Planned planned_;
  Plan plan_;
  ChangeFiles changes_;
  std::set<std::string> made_;  // by operations so far; normal paths
  std::set<std::string> gone_;
};

// "/", the working folder, or a folder around it.
bool CleanupPlanner::holds_working_folder(const std::string& path) const {
  const std::string folder = normal(path);
  const std::string working = normal(facts_.working_directory);
  return folder == "/" || folder == working || working.starts_with(folder + "/");
}

void CleanupPlanner::remove(std::string_view path, const std::string& pointer) {
  const std::string target = absolute(path);
  if (holds_working_folder(target)) {
    complain(kDocument, pointer,
             fmt::format("refused to delete {}: it is or holds the working folder", target));
    return;
  }
  std::error_code code;
  if (std::filesystem::is_directory(std::filesystem::symlink_status(target, code))) {
    for (std::filesystem::directory_iterator entry(target, code), end; !code && entry != end;
         entry.increment(code)) {
      if (gone_.contains(normal(entry->path().string()))) continue;
      planned_.warnings.push_back(
          fmt::format("{} is a folder that is not empty now; only an empty one can be deleted", target));
      break;
    }
  }
  changes_.operations.push_back({Kind::remove, target, {}, {}});
  made_.erase(normal(target));
  gone_.insert(normal(target));
  plan_.irreversible = true;
}

void CleanupPlanner::check_source(const std::string& path, const std::string& pointer) {
  const std::string key = normal(path);
  if (gone_.contains(key)) {
    complain(kDocument, pointer, fmt::format("{} is deleted or moved away before this", path));
    return;
  }
  if (made_.contains(key)) return;
  const PathKind kind = path_kind(path);
  if (kind == PathKind::folder)
    complain(kEnvironment, pointer, fmt::format("{} is a folder, expected a file", path));
  if (kind == PathKind::other) complain(kEnvironment, pointer, fmt::format("{} is not a regular file", path));
  if (kind == PathKind::missing && !facts_.written_before.contains(key)) {
    complain(kEnvironment, pointer, fmt::format("{} does not exist", path));
  }
}

// Before hours of copying, not after them.
void CleanupPlanner::check_can_go(const std::string& path, const std::string& pointer) {
  const std::string folder = parent_folder(path);
  if (path_kind(path) == PathKind::file && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    complain(kEnvironment, pointer,
             fmt::format("{} cannot be moved away: its folder {} is not writable", path, folder));
  }
}

void CleanupPlanner::check_destination(const std::string& target, const std::string& pointer) {
  const std::string folder = parent_folder(target);
  if (path_kind(folder) != PathKind::folder) {
    complain(kEnvironment, pointer, fmt::format("the destination's folder {} does not exist", folder));
  } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    complain(kEnvironment, pointer, fmt::format("the destination's folder {} is not writable", folder));
  }
  const PathKind kind = path_kind(target);
  if (kind == PathKind::folder || kind == PathKind::other) {
    complain(kEnvironment, pointer,
             fmt::format("the destination {} is no file that could be replaced", target));
  }
}

void CleanupPlanner::transfer(Kind kind, const json::object& item, const std::string& pointer) {
  const std::string source = absolute(std::string_view(item.at("source").as_string()));
  const std::string_view given = item.at("destination").as_string();
  const std::string destination = absolute(given);
  const bool into = path_kind(destination) == PathKind::folder;
  const std::string target = into ? join_path(destination, base_name(source)) : destination;

  check_source(source, pointer + "/source");
  if (!into && given.ends_with('/')) {
    complain(kEnvironment, pointer + "/destination",
             fmt::format("the folder {} does not exist", destination));
  } else {
    check_destination(target, pointer + "/destination");
  }
  changes_.operations.push_back({kind, source, target, staged_path(target, facts_.attempt_folder)});
  plan_.inputs.push_back(source);
  if (kind == Kind::move && normal(source) != normal(target)) {
    check_can_go(source, pointer + "/source");
    made_.erase(normal(source));
    gone_.insert(normal(source));
    plan_.irreversible = true;
  }
  gone_.erase(normal(target));
  made_.insert(normal(target));
}

Planned CleanupPlanner::finish() {
  plan_.writes.assign(made_.begin(), made_.end());
  plan_.action = std::move(changes_);
  for (const Problem& problem : planned_.problems) {
    if (problem.kind == kDocument) return std::move(planned_);
  }
  planned_.plan = std::move(plan_);
  return std::move(planned_);
}

}  // namespace

const json::value& CleanupModule::schema() const {
  return embedded_schema(name());
}

Needs CleanupModule::needs(const json::object&, const std::string&) const {
  return {};
}

Planned CleanupModule::plan(const json::object& data, const Facts& facts) const {
  CleanupPlanner planner(facts);
  for (const auto& [key, items] : data) {
    const json::array& list = items.as_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string pointer = fmt::format("/{}/{}", std::string_view(key), i);
      if (key == "delete") {
        planner.remove(std::string_view(list[i].as_string()), pointer);
      } else {
        planner.transfer(key == "move" ? Kind::move : Kind::copy, list[i].as_object(), pointer);
      }
    }
  }
  return planner.finish();
}

std::unique_ptr<ProgressReader> CleanupModule::progress(const Plan&) const {
  return nullptr;
}

}  // namespace sisyphus::modules
