#include "modules/mkvmerge_checks.hpp"

#include "core/json_pointer.hpp"
#include "modules/file_checks.hpp"
#include "modules/paths.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Words = std::set<std::string_view>;

constexpr auto kDocument = Problem::Kind::document;

// Options that print something instead of muxing, or send the output elsewhere.
const Words kNoMuxing{"capabilities",   "help",
                      "identify",       "list-audio-emphasis",
                      "list-languages", "list-stereo-modes",
                      "list-types",     "redirect-output",
                      "version"};

// mkvmerge (74) looks for these before all else and takes them out of its arguments, also where they are the
// value of another option, and has no way to say that they are not meant.
const Words kTakenAnywhere{"--abort-on-warnings",
                           "--capabilities",
                           "--command-line-charset",
                           "--debug",
                           "--deterministic",
                           "--disable-language-ietf",
                           "--enable-legacy-font-mime-types",
                           "--engage",
                           "--flush-on-close",
                           "--generate-chapters-name-template",
                           "--gui-mode",
                           "--help",
                           "--identify",
                           "--list-audio-emphasis",
                           "--list-languages",
                           "--list-stereo-modes",
                           "--list-types",
                           "--normalize-language-ietf",
                           "--output",
                           "--output-charset",
                           "--probe-range-percentage",
                           "--quiet",
                           "--redirect-output",
                           "--ui-language",
                           "--verbose",
                           "--version",
                           "--webm",
                           "-?",
                           "-J",
                           "-V",
                           "-h",
                           "-i",
                           "-l",
                           "-o",
                           "-q",
                           "-r",
                           "-v",
                           "-w"};

void check_value(std::string_view value, const std::string& pointer, std::vector<Problem>& problems) {
  if (!kTakenAnywhere.contains(value)) return;
  problems.push_back({kDocument, pointer,
                      fmt::format("found \"{}\", which mkvmerge takes for an option of its own wherever it "
                                  "stands; write something else",
                                  value)});
}

void check_names(const json::object& options, const std::string& pointer, std::vector<Problem>& problems) {
  for (const auto& entry : options) {
    const std::string_view key = entry.key();
    const bool names_output = key == "output" || key == "o";
    if (!names_output && !kNoMuxing.contains(key)) continue;
    problems.push_back({kDocument, pointer + "/" + pointer_token(key),
                        names_output
                            ? "the option is not allowed here; the output's name goes into output_file"
                            : "the option is not allowed here: with it mkvmerge does not mux"});
  }
}

// Of a source or of the whole; the values of a track's options follow its number and cannot be mistaken.
void check_options(const json::object& options, const std::string& pointer, std::vector<Problem>& problems) {
  check_names(options, pointer, problems);
  for (const auto& [key, value] : options) {
    if (!value.is_string() || !is_passed_on(key, value)) continue;
    check_value(value.get_string(), pointer + "/" + pointer_token(key), problems);
  }
}

void check_attachments(const MkvmergeTask& task, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < task.attachments.size(); ++i) {
    const Attachment& attachment = task.attachments[i];
    const std::string pointer = fmt::format("/attachments/{}", i);
    if (attachment.name.empty()) {
      check_value(base_name(attachment.path), pointer + "/filename", problems);
    } else {
      check_value(attachment.name, pointer + "/name", problems);
    }
    check_value(attachment.mime_type, pointer, problems);
  }
}

}  // namespace

void check_mkvmerge_document(const MkvmergeTask& task, std::vector<Problem>& problems) {
  check_options(task.options, "/options", problems);
  for (std::size_t i = 0; i < task.sources.size(); ++i) {
    check_options(task.sources[i].options, fmt::format("/sources/{}/options", i), problems);
  }
  for (std::size_t i = 0; i < task.tracks.size(); ++i) {
    check_names(task.tracks[i].options, fmt::format("/tracks/{}/options", i), problems);
    if (task.tracks[i].source < task.sources.size()) continue;
    problems.push_back({kDocument, fmt::format("/tracks/{}/source", i),
                        no_such_source(task.tracks[i].source, task.sources.size())});
  }
  check_attachments(task, problems);
}

}  // namespace sisyphus::modules
