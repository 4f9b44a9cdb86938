#include "modules/verify_command.hpp"

#include "modules/ffmpeg_command.hpp"

#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

// Both from their own zero and of the source's size, one copy for each measure. A picture is compared with
// the last one of the source that is not later. Containers round times (Matroska to milliseconds, from a
// rounded zero), so the source goes ahead by more than that can come to; else a picture meets the one before
// its own.
std::string comparison(const VerifyTask& task) {
  static constexpr int kRoundedUs = 3000;
  static constexpr const char* kFromZero = "settb=AVTB,setpts=PTS-STARTPTS";
  std::string graph = fmt::format("[0:V:0]{0}[file];[1:V:0]{0}-{1}[source];", kFromZero, kRoundedUs);
  graph += "[file][source]scale2ref=flags=bicubic[scaled][whole];";
  std::string files;
  std::string sources;
  std::string measures;
  for (const VerifyTask::Floor& floor : task.floors) {
    files += fmt::format("[f_{}]", floor.name);
    sources += fmt::format("[s_{}]", floor.name);
    measures += fmt::format(";[f_{0}][s_{0}]{1}=shortest=1[{0}]", floor.name,
                            floor.name == "vmaf" ? "libvmaf" : floor.name);
  }
  const std::size_t copies = task.floors.size();
  return graph + fmt::format("[scaled]split={0}{1};[whole]split={0}{2}", copies, files, sources) + measures;
}

}  // namespace

std::vector<std::string> verify_run_argv(const VerifyTask& task, const std::string& ffmpeg) {
  // The measures are told at the level of information.
  std::vector<std::string> argv{
      ffmpeg,      "-nostdin",  "-hide_banner",
      "-nostats",  "-loglevel", task.floors.empty() ? "repeat+level+error" : "repeat+level+info",
      "-progress", "pipe:1"};
  const auto read = [&](const std::string& path) {
    argv.insert(argv.end(), {"-protocol_whitelist", kLocalProtocols, "-i", "file:" + path});
  };
  read(task.file);
  if (!task.floors.empty()) {
    for (const auto& [key, value] : task.cut) {
      if (auto argument = ffmpeg_argument(value)) {
        argv.insert(argv.end(), {"-" + std::string(key), std::move(*argument)});
      }
    }
    read(task.source);
    argv.insert(argv.end(), {"-filter_complex", comparison(task)});
    for (const VerifyTask::Floor& floor : task.floors) {
      argv.insert(argv.end(), {"-map", fmt::format("[{}]", floor.name)});
    }
  }
  if (task.full) argv.insert(argv.end(), {"-map", "0:v?", "-map", "0:a?"});
  argv.insert(argv.end(), {"-f", "null", "-"});
  return argv;
}

}  // namespace sisyphus::modules
