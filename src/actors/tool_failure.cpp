#include "actors/tool_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sisyphus::actors {
namespace {

std::string last_lines(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  const std::string_view tail = text.substr(text.size() - bytes);
  return std::string(tail.substr(std::min(tail.find('\n') + 1, tail.size())));
}

}  // namespace

std::optional<ToolFailure> tool_failure(const ExitReport& report, const modules::Plan& plan,
                                        const modules::Remarks& remarks) {
  const auto& program = std::get<modules::RunProgram>(plan.action);
  // What is executed may be a wrapper.
  const std::string& name = plan.argv.empty() ? program.argv.front() : plan.argv.front();
  const auto& good = program.success_codes;
  const std::string said = fmt::format("{}", fmt::join(remarks.errors, "\n"));
  if (report.signal == 0 && std::find(good.begin(), good.end(), report.exit_code) != good.end()) {
    return remarks.failed ? std::optional(ToolFailure{said}) : std::nullopt;
  }
  static constexpr std::string_view kNoSpace = "No space left";  // on device; mkvtoolnix: to write to
  const bool disk_full = (said + report.err_tail).find(kNoSpace) != std::string::npos;
  std::string message;
  if (report.signal != 0) {
    message = fmt::format("{} was ended by signal {} ({})", name, report.signal, ::strsignal(report.signal));
  } else {
    message = fmt::format("{} ended with exit code {}", name, report.exit_code);
  }
  if (disk_full) message += ": no space left on the disk";
  if (!said.empty()) message += ":\n" + last_lines(said, 2048);
  const std::string tail = last_lines(report.err_tail, 2048);
  if (!tail.empty()) message += ":\n" + tail;
  return ToolFailure{std::move(message), report.signal != 0 || disk_full};
}

}  // namespace sisyphus::actors
