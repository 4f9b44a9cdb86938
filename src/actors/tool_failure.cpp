#include "actors/tool_failure.hpp"

#include "actors/child_limits.hpp"
#include "core/text_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string_view>

namespace sisyphus::actors {
namespace {

// What ENOMEM, std::bad_alloc, the encoders' own checks and the dynamic linker call it.
bool speaks_of_memory(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kWords{
      "Cannot allocate memory", "bad_alloc",        "ut of memory",         "malloc failed",
      "malloc of size",         "emory allocation", "failed to map segment"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return text.find(words) != std::string_view::npos; });
}

// What a program that does not look at what malloc() gave it, or does not know how to go on, dies of.
bool may_be_of_memory(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGTRAP;
}

}  // namespace

std::optional<ToolFailure> tool_failure(const ExitReport& report, const modules::Plan& plan,
                                        const modules::Remarks& remarks, std::uint64_t memory_limit) {
  const auto& program = std::get<modules::RunProgram>(plan.action);
  // What is executed may be a wrapper.
  const std::string& name = plan.argv.empty() ? program.argv.front() : plan.argv.front();
  const auto& good = program.success_codes;
  const std::string said = fmt::format("{}", fmt::join(remarks.errors, "\n"));
  if (report.signal == 0 && std::find(good.begin(), good.end(), report.exit_code) != good.end()) {
    return remarks.failed ? std::optional(ToolFailure{said}) : std::nullopt;
  }
  static constexpr std::size_t kShown = 2048;                    // bytes of what the tool said
  static constexpr std::string_view kNoSpace = "No space left";  // on device; mkvtoolnix: to write to
  const bool disk_full = (said + report.err_tail).find(kNoSpace) != std::string::npos;
  std::string message;
  if (report.signal != 0) {
    message = fmt::format("{} was ended by signal {} ({})", name, report.signal, ::strsignal(report.signal));
  } else {
    message = fmt::format("{} ended with exit code {}", name, report.exit_code);
  }
  if (disk_full) message += ": no space left on the disk";
  if (memory_limit != 0 && speaks_of_memory(said + report.err_tail)) {
    message += fmt::format(": it needs more memory than the worker's --memory-limit, {}",
                           memory_in_words(memory_limit));
  } else if (memory_limit != 0 && may_be_of_memory(report.signal)) {
    message += fmt::format(", perhaps of the worker's --memory-limit, {}", memory_in_words(memory_limit));
  }
  for (const std::string_view text :
       {last_lines_within(said, kShown), last_lines_within(report.err_tail, kShown)}) {
    if (!text.empty()) message.append(":\n").append(text);
  }
  return ToolFailure{std::move(message), report.signal != 0 || disk_full};
}

}  // namespace sisyphus::actors
