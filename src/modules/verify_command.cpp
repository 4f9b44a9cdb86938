#include "modules/verify_command.hpp"

#include "modules/ffmpeg_command.hpp"
#include "modules/verify_alignment.hpp"

#include <fmt/format.h>

namespace sisyphus::modules {
namespace {

std::string label(const std::string& of, const VerifyTask::Floor& floor, std::size_t way) {
  return fmt::format("[{}_{}{}]", of, floor.name, way);
}

// The file's film against the source's, scaled to its size, once for each measure and way.
std::string comparison(const VerifyTask& task, const std::vector<Alignment>& ways) {
  std::string files;
  std::string sources;
  std::string measures;
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const char* const from = ways[way].from_first ? "-STARTPTS" : "";
    for (const VerifyTask::Floor& floor : task.floors) {
      const std::string file = label("file", floor, way);
      const std::string source = label("source", floor, way);
      const std::string aligned = label("aligned", floor, way);
      files += file;
      sources += source;
      measures += fmt::format(";{}setpts=PTS{}{:+}{}", source, from, ways[way].shift_us, aligned);
      measures += fmt::format(";{}{}{}=shortest=1[{}{}]", file, aligned,
                              floor.name == "vmaf" ? "libvmaf" : floor.name, floor.name, way);
    }
  }
  const std::size_t copies = ways.size() * task.floors.size();
  return fmt::format(
      "[0:V:0]settb=AVTB,setpts=PTS-STARTPTS[file];[1:V:0]settb=AVTB[source];"
      "[file][source]scale2ref=flags=bicubic[scaled][whole];[scaled]split={0}{1};[whole]split={0}{2}{3}",
      copies, files, sources, measures);
}

}  // namespace

std::vector<std::string> verify_run_argv(const VerifyTask& task, const std::string& ffmpeg,
                                         const std::optional<MediaInfo>& file,
                                         const std::optional<MediaInfo>& source) {
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
    const std::vector<Alignment> ways =
        alignments(task.cut, file.value_or(MediaInfo()), source.value_or(MediaInfo()));
    argv.insert(argv.end(), {"-filter_complex", comparison(task, ways)});
    for (const VerifyTask::Floor& floor : task.floors) {
      for (std::size_t way = 0; way < ways.size(); ++way)
        argv.insert(argv.end(), {"-map", fmt::format("[{}{}]", floor.name, way)});
    }
  }
  if (task.full) argv.insert(argv.end(), {"-map", "0:v?", "-map", "0:a?"});
  argv.insert(argv.end(), {"-f", "null", "-"});
  return argv;
}

}  // namespace sisyphus::modules
