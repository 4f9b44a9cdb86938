#include "modules/verify_command.hpp"

#include "modules/ffmpeg_command.hpp"

#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

constexpr int kWays = 3;  // in which the two films are laid upon each other

std::string label(const std::string& of, const VerifyTask::Floor& floor, int way) {
  return fmt::format("[{}_{}{}]", of, floor.name, way);
}

// Both from their own zero and of the source's size, one copy for each measure. A picture is compared with
// the last one of the source that is not later. Containers round times (Matroska to milliseconds, from a
// rounded zero), so the source goes ahead by more than that can come to; else a picture meets the one before
// its own.
//
// Nor is the first picture always that of the source: where sound begins before the pictures do, or a cut
// between two pictures, an encoder may repeat it or drop it to keep the time. So the films are compared as
// they are, and without the first picture of either; the best counts.
std::string comparison(const VerifyTask& task) {
  static constexpr int kRoundedUs = 3000;
  static constexpr const char* kFromZero = "setpts=PTS-STARTPTS";
  static constexpr const char* kWithoutFirst = "trim=start_frame=1,setpts=PTS-STARTPTS";
  std::string graph =
      "[0:V:0]settb=AVTB[file];[1:V:0]settb=AVTB[source];[file][source]scale2ref=flags=bicubic[scaled][whole]"
      ";";
  graph += fmt::format("[scaled]split={0}[f0][f1][f2];[whole]split={0}[s0][s1][s2]", kWays);
  for (int way = 0; way < kWays; ++way) {
    std::string files;
    std::string sources;
    std::string measures;
    for (const VerifyTask::Floor& floor : task.floors) {
      files += label("f", floor, way);
      sources += label("s", floor, way);
      measures += fmt::format(";{}{}{}=shortest=1[{}{}]", label("f", floor, way), label("s", floor, way),
                              floor.name == "vmaf" ? "libvmaf" : floor.name, floor.name, way);
    }
    const std::size_t copies = task.floors.size();
    graph += fmt::format(";[f{}]{},split={}{}", way, way == 1 ? kWithoutFirst : kFromZero, copies, files);
    graph += fmt::format(";[s{}]{}-{},split={}{}", way, way == 2 ? kWithoutFirst : kFromZero, kRoundedUs,
                         copies, sources);
    graph += measures;
  }
  return graph;
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
      for (int way = 0; way < kWays; ++way)
        argv.insert(argv.end(), {"-map", fmt::format("[{}{}]", floor.name, way)});
    }
  }
  if (task.full) argv.insert(argv.end(), {"-map", "0:v?", "-map", "0:a?"});
  argv.insert(argv.end(), {"-f", "null", "-"});
  return argv;
}

}  // namespace sisyphus::modules
