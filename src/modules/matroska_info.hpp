#pragma once

#include "core/errc.hpp"
#include "modules/module.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What mkvmerge says of a file, for the modules of both its programs.
namespace sisyphus::modules {

struct MatroskaTrack {
  std::int64_t id = 0;
  std::string type;      // video, audio, subtitles, buttons
  std::string codec;     // for people
  std::string codec_id;  // Matroska's; empty for files of other kinds
  std::string language;  // as the file says, empty without
};

struct MatroskaAttachment {
  std::int64_t id = 0;  // counted from 1
  std::string name;
};

struct MatroskaInfo {
  std::string container;  // "Matroska", "AC-3", …; empty when it is not told
  std::vector<MatroskaTrack> tracks;
  std::vector<MatroskaAttachment> attachments;
  bool has_chapters = false;
  bool has_tags = false;
  // False: foretold from the tasks before, so languages, attachments, chapters and tags are not known.
  bool complete = true;
};

// Reads the output of `mkvmerge -J`. Fails with Errc::tool, also for a file that mkvmerge cannot read.
Result<MatroskaInfo> read_matroska_info(std::string_view json);

// The probe of a file; `absolute` as absolute_path() gives it.
Probe matroska_probe(const std::string& absolute);
// That of a source, when there is a file to probe.
void add_matroska_probe(const std::string& absolute, std::vector<Probe>& probes);

// What is known of a source when its task is planned.
struct MatroskaSource {
  std::optional<MatroskaInfo> info;
  std::string deferred;  // why there is no info although nothing is wrong: an earlier task writes the file
};

// Looks at a source: its probe, or what earlier tasks write there. What is wrong with the file is added to
// `problems` under `pointer`.
MatroskaSource look_at_source(const std::string& absolute, const std::string& pointer, const Facts& facts,
                              std::vector<Problem>& problems);

// For people: "0 video (MPEG-4p2 und), 1 audio (FLAC eng)", or "no tracks".
std::string describe_tracks(const MatroskaInfo& info);
std::string describe_attachments(
    const MatroskaInfo& info);  // "1 (one.ttf), 2 (two.otf)", or "no attachments"

}  // namespace sisyphus::modules
