#include "actors/disk_room.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

namespace fs = std::filesystem;

fs::path existing_above(fs::path path) {
  std::error_code absent;
  while (!fs::exists(path, absent) && path.has_relative_path()) path = path.parent_path();
  return path;
}

bool on_one_disk(const std::string& source, const std::string& destination) {
  struct ::stat from {};
  struct ::stat to {};
  return ::stat(existing_above(source).c_str(), &from) == 0 &&
         ::stat(existing_above(destination).c_str(), &to) == 0 && from.st_dev == to.st_dev;
}

void add_folders(const modules::Plan& plan, std::set<std::string>& folders) {
  for (const modules::Output& output : plan.outputs)
    folders.insert(fs::path(output.path).parent_path().string());
  const auto* const change = std::get_if<modules::ChangeFiles>(&plan.action);
  if (change == nullptr) return;
  using Kind = modules::FileOperation::Kind;
  for (const modules::FileOperation& operation : change->operations) {
    if (operation.kind == Kind::remove) continue;
    if (operation.kind == Kind::move && on_one_disk(operation.source, operation.destination)) continue;
    folders.insert(fs::path(operation.destination).parent_path().string());
  }
}

double gigabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e9;
}

}  // namespace

std::optional<std::uint64_t> free_bytes(const std::string& folder) {
  std::error_code code;
  const fs::space_info space = fs::space(existing_above(folder), code);
  if (code) return std::nullopt;
  return ::geteuid() == 0 ? space.free : space.available;
}

std::optional<std::string> short_of_room(const JobPlan& job, std::uint64_t least) {
  std::set<std::string> folders;
  for (const PlannedTask& task : job.tasks) {
    if (task.planned.plan) add_folders(*task.planned.plan, folders);
  }
  for (const std::string& folder : folders) {
    const auto left = free_bytes(folder);
    if (!left || *left >= least) continue;
    return fmt::format("{} has {:.3g} GB free, less than its --min-free-gb, {:g}", folder, gigabytes(*left),
                       gigabytes(least));
  }
  return std::nullopt;
}

}  // namespace sisyphus::actors
