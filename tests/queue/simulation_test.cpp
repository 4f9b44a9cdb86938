#include "tests/queue/simulation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sisyphus::queue {
namespace {

std::optional<std::uint32_t> number_from(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(text));
}

// One seed that is to be looked at, or as many as there is time for.
TEST(Simulation, EveryHistoryKeepsThePromises) {
  const auto only = number_from("SISYPHUS_SIMULATION_SEED");
  const std::uint32_t first = only.value_or(number_from("SISYPHUS_SIMULATION_FIRST_SEED").value_or(1));
  const std::chrono::seconds span(only ? 0 : number_from("SISYPHUS_SIMULATION_SECONDS").value_or(5));
  const auto end = std::chrono::steady_clock::now() + span;
  Seen seen;
  std::uint32_t seed = first;
  do {
    Simulation history(seed, seen);
    history.run();
    ++seen.histories;
    if (!history.wrong().empty()) {
      const auto& trace = history.trace();
      const std::size_t begin = only ? 0 : trace.size() - std::min<std::size_t>(trace.size(), 15);
      FAIL() << "seed " << seed << ": " << history.wrong() << "\nIt ended so:\n  "
             << fmt::format(
                    "{}", fmt::join(trace.begin() + static_cast<std::ptrdiff_t>(begin), trace.end(), "\n  "))
             << "\nThe whole of it: SISYPHUS_SIMULATION_SEED=" << seed << " "
             << std::filesystem::read_symlink("/proc/self/exe").string() << " --gtest_filter=Simulation.*";
    }
    ++seed;
  } while (std::chrono::steady_clock::now() < end);
  fmt::print(
      "seeds {} to {}: {} histories, {} batches acknowledged, {} kills, {} power losses, {} disk faults, "
      "{} torn tails, {} unknown batches kept and {} lost, {} jobs completed, {} adopted again, "
      "{} compactions and {} that failed, {} writes of texts, {} files for them, {} without room\n",
      first, seed - 1, seen.histories, seen.acknowledged, seen.killed, seen.power_lost, seen.disk_failed,
      seen.torn, seen.unknown_kept, seen.unknown_lost, seen.completed, seen.adopted, seen.compacted,
      seen.not_compacted, seen.texts, seen.text_files, seen.texts_lost);
  if (only) return;
  // A simulation in which nothing happens would pass as well.
  EXPECT_GT(seen.histories, 5);
  for (const int count : {seen.killed, seen.power_lost, seen.disk_failed, seen.torn, seen.unknown_kept,
                          seen.unknown_lost, seen.completed, seen.adopted, seen.compacted, seen.not_compacted,
                          seen.texts, seen.text_files, seen.texts_lost})
    EXPECT_GT(count, seen.histories / 50);
}

}  // namespace
}  // namespace sisyphus::queue
