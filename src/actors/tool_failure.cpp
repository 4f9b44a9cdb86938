#include "actors/tool_failure.hpp"

#include "core/text_tail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sisyphus::actors {
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
  for (const std::string_view text :
       {last_lines_within(said, kShown), last_lines_within(report.err_tail, kShown)}) {
    if (!text.empty()) message.append(":\n").append(text);
  }
  return ToolFailure{std::move(message), report.signal != 0 || disk_full};
}

}  // namespace sisyphus::actors
