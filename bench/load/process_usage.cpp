#include "load/process_usage.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace sisyphus::bench {

ProcessUsage usage_of(pid_t pid) {
  ProcessUsage usage;
  const std::filesystem::path root = fmt::format("/proc/{}", pid);
  std::uint64_t pages = 0;
  if (!(std::ifstream(root / "statm") >> pages >> pages)) {
    throw std::runtime_error(fmt::format("there is no process {}", pid));
  }
  usage.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const auto& task : std::filesystem::directory_iterator(root / "task")) {
    std::int64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    usage.cpu += std::chrono::nanoseconds(nanoseconds);
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      const std::size_t at = line.find("ctxt_switches:");
      if (at != std::string::npos) usage.context_switches += std::stoull(line.substr(at + 14));
    }
  }
  return usage;
}

}  // namespace sisyphus::bench
