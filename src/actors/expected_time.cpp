#include "actors/expected_time.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace sisyphus::actors {
namespace {

constexpr double kFramesPerSecond = 50;  // that are encoded
constexpr double kSpeed = 50;            // of sound alone: media seconds a second
constexpr double kBytesEncoded = 2e6;    // bytes of an input a second, where nothing better is known
constexpr double kBytesCopied = 200e6;   // bytes a second
constexpr double kOneOperation = 0.1;    // seconds, beyond those for the bytes

std::optional<std::uint64_t> size_of(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return std::nullopt;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  return code ? std::nullopt : std::optional<std::uint64_t>(size);
}

}  // namespace

std::optional<double> expected_seconds(const modules::Plan& plan, std::optional<std::uint64_t> bytes) {
  if (plan.encodes && plan.total_frames) return static_cast<double>(*plan.total_frames) / kFramesPerSecond;
  if (plan.encodes && plan.total_seconds) return *plan.total_seconds / kSpeed;
  if (!bytes) return std::nullopt;
  return kOneOperation + static_cast<double>(*bytes) / (plan.encodes ? kBytesEncoded : kBytesCopied);
}

std::vector<std::optional<double>> expected_seconds(const JobPlan& job) {
  std::uint64_t largest = 0;
  for (const PlannedTask& task : job.tasks) {
    if (!task.planned.plan) continue;
    for (const std::string& input : task.planned.plan->inputs)
      largest = std::max(largest, size_of(input).value_or(0));
  }
  std::vector<std::optional<double>> all;
  for (const PlannedTask& task : job.tasks) {
    if (!task.planned.plan) {
      all.emplace_back();
      continue;
    }
    const modules::Plan& plan = *task.planned.plan;
    const bool moves_bytes =
        !plan.inputs.empty() || std::holds_alternative<modules::ChangeFiles>(plan.action);
    std::optional<std::uint64_t> bytes;
    if (moves_bytes) bytes = 0;
    if (!std::holds_alternative<modules::NoAction>(plan.action)) {
      for (const std::string& input : plan.inputs) *bytes += size_of(input).value_or(largest);
    }
    all.push_back(expected_seconds(plan, bytes));
  }
  return all;
}

}  // namespace sisyphus::actors
