#include "modules/mkvextract.hpp"

#include "modules/file_checks.hpp"
#include "modules/matroska_info.hpp"
#include "modules/mkv_progress.hpp"
#include "modules/mkvextract_task.hpp"
#include "modules/paths.hpp"
#include "modules/problems.hpp"
#include "modules/schema.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
using Arguments = std::vector<std::string>;
using Item = MkvextractTask::Item;
constexpr auto kDocument = Problem::Kind::document;
constexpr auto kEnvironment = Problem::Kind::environment;

// The member beside the file's name.
std::string id_pointer(const Item& item) {
  return item.pointer.substr(0, item.pointer.rfind('/')) + "/id";
}

std::string wanted(const Item& item) {
  std::string text = item.track_type.empty() ? "" : item.track_type + " ";
  text += fmt::format("track {}", *item.id);
  if (!item.language.empty()) text += fmt::format(" of language {}", item.language);
  return text;
}

// Finds out mkvextract's ids, which name the tracks in the file, and what of it can be wrong.
class TrackFinder {
 public:
  TrackFinder(const MkvextractTask& task, const MatroskaSource& source, Planned& planned)
      : task_(task), source_(source), planned_(planned) {}

  // False when there is nothing to be run: the plan is put off, or a track is not there.
  bool look();
  // The id to pass on, as found by look().
  std::int64_t id(const Item& item) const { return item.id ? ids_.at(item.pointer) : 0; }
  // Whether mkvextract may end well without that very file.
  bool may_be_missing(const MkvextractTask::Mode& mode, const Item& item) const;

 private:
  const MatroskaTrack* find(const Item& item) const;
  bool look_at_track(const Item& item);
  void look_at_id(const std::string& key, const Item& item);
  bool refuse_negative(const std::string& key, const Item& item);
  std::string what_there_is(const std::string& key) const;

  const MkvextractTask& task_;
  const MatroskaSource& source_;
  Planned& planned_;
  std::map<std::string, std::int64_t> ids_;  // by the item's pointer
};

const MatroskaTrack* TrackFinder::find(const Item& item) const {
  std::int64_t left = *item.id;
  for (const MatroskaTrack& track : source_.info->tracks) {
    if (!item.track_type.empty() && track.type != item.track_type) continue;
    if (!item.language.empty() && track.language != item.language) continue;
    if (left-- == 0) return &track;
  }
  return nullptr;
}

std::string TrackFinder::what_there_is(const std::string& key) const {
  const bool attachments = key == "attachments";
  if (!source_.info || (attachments && !source_.info->complete)) return {};
  return fmt::format("; {} has {}", task_.source,
                     attachments ? describe_attachments(*source_.info) : describe_tracks(*source_.info));
}

bool TrackFinder::refuse_negative(const std::string& key, const Item& item) {
  if (!item.id || *item.id >= 0) return false;
  planned_.problems.push_back({kDocument, id_pointer(item),
                               fmt::format("found the number {}, expected at least {}{}", *item.id,
                                           key == "attachments" ? 1 : 0, what_there_is(key))});
  return true;
}

bool TrackFinder::look_at_track(const Item& item) {
  if (!source_.info) {
    planned_.deferred = source_.deferred;
    return !source_.deferred.empty();
  }
  if (!source_.info->complete && !item.language.empty()) {
    planned_.deferred = "the languages of the tracks are known once an earlier task has written the source";
    return true;
  }
  const MatroskaTrack* track = find(item);
  if (track == nullptr) {
    planned_.problems.push_back(
        {kEnvironment, id_pointer(item),
         fmt::format("there is no {}, counted from 0{}", wanted(item), what_there_is("tracks"))});
    return false;
  }
  ids_[item.pointer] = track->id;
  return true;
}

void TrackFinder::look_at_id(const std::string& key, const Item& item) {
  if (!item.id) return;
  ids_[item.pointer] = *item.id;
  if (!source_.info || !source_.info->complete) return;
  const auto has_id = [&](const auto& one) { return one.id == *item.id; };
  const MatroskaInfo& info = *source_.info;
  if (key == "attachments") {
    if (std::any_of(info.attachments.begin(), info.attachments.end(), has_id)) return;
    planned_.problems.push_back(
        {kEnvironment, id_pointer(item),
         fmt::format("there is no attachment {}, counted from 1{}", *item.id, what_there_is(key))});
  } else if (std::none_of(info.tracks.begin(), info.tracks.end(), has_id)) {
    planned_.problems.push_back({kEnvironment, id_pointer(item),
                                 fmt::format("there is no track {}{}", *item.id, what_there_is(key))});
  }
}

bool TrackFinder::look() {
  bool complete = true;
  for (const auto& mode : task_.modes) {
    for (const Item& item : mode.items) {
      if (refuse_negative(mode.key, item)) {
        complete = false;
      } else if (mode.key == "tracks") {
        complete = look_at_track(item) && complete;
      } else {
        look_at_id(mode.key, item);
      }
      if (source_.info && source_.info->complete && may_be_missing(mode, item) && !item.id) {
        planned_.warnings.push_back(
            fmt::format("{} has no {}: {} will not be written", task_.source, mode.key, item.filename));
      }
    }
  }
  if (!complete) planned_.deferred.clear();
  return complete;
}

bool TrackFinder::may_be_missing(const MkvextractTask::Mode& mode, const Item& item) const {
  if (mode.key == "chapters") return !source_.info || !source_.info->has_chapters;
  if (mode.key == "tags") return !source_.info || !source_.info->has_tags;
  if (mode.key != "tracks" || !source_.info || !ids_.contains(item.pointer)) return false;
  // Of a VobSub track it writes two files, with extensions of its own.
  const auto& tracks = source_.info->tracks;
  return std::any_of(tracks.begin(), tracks.end(), [&](const MatroskaTrack& track) {
    return track.id == ids_.at(item.pointer) && track.codec_id == "S_VOBSUB";
  });
}

// Every file is named once, can be written and is not the source.
void check_outputs(const MkvextractTask& task, const Facts& facts, std::vector<Problem>& problems) {
  const std::string source = absolute_path(task.source, facts.working_directory);
  std::map<std::string, std::string> seen;  // normal path -> pointer
  bool any = false;
  for (const auto& mode : task.modes) {
    for (const Item& item : mode.items) {
      any = true;
      const std::string path = absolute_path(item.filename, facts.working_directory);
      const auto [first, is_new] = seen.emplace(normal_path(path, "/"), item.pointer);
      if (!is_new) {
        problems.push_back({kDocument, item.pointer,
                            fmt::format("found {} again, it is {} already", item.filename, first->second)});
        continue;
      }
      if (check_names_file(item.filename, item.pointer, problems)) {
        check_output(path, item.pointer, {{"the source", source}}, problems);
      }
    }
  }
  if (!any) problems.push_back({kEnvironment, "", "there is nothing to extract"});
}

void check_container(const MatroskaSource& source, const std::string& path, std::vector<Problem>& problems) {
  if (!source.info || source.info->container.empty() || source.info->container == "Matroska") return;
  problems.push_back({kEnvironment, "/source",
                      fmt::format("the source {} is a file of the kind {}; mkvextract reads only Matroska",
                                  path, source.info->container)});
}

// mkvextract refuses control characters, line ends above all, in what follows an id: `target` with another
// base name for the time being. The item's place makes it unique; of a long name only the end is kept.
std::string writable_name(const std::string& target, const Item& item) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  std::string name = base_name(target);
  if (!item.id || std::none_of(name.begin(), name.end(), is_control)) return target;
  std::replace_if(name.begin(), name.end(), is_control, '_');
  static constexpr std::size_t kKept = 200;  // bytes; a file system takes 255
  if (name.size() > kKept) name.erase(0, name.size() - kKept);
  while (!name.empty() && (static_cast<unsigned char>(name.front()) & 0xC0U) == 0x80U) name.erase(0, 1);
  std::string place = item.pointer.substr(1);
  std::replace(place.begin(), place.end(), '/', '-');
  return join_path(parent_folder(target), place + "-" + name);
}

// The command after the program and its own options. `source` and the files are what `name` makes of them.
template <class Name>
Arguments arguments(const MkvextractTask& task, const TrackFinder& tracks, const std::string& source,
                    const Name& name) {
  Arguments argv{source};
  for (const auto& mode : task.modes) {
    argv.push_back(mode_word(mode.key));
    for (const Item& item : mode.items) {
      argv.push_back(item.id ? fmt::format("{}:{}", tracks.id(item), name(item)) : name(item));
    }
  }
  return argv;
}

}  // namespace

const json::value& MkvextractModule::schema() const {
  return embedded_schema(name());
}

Needs MkvextractModule::needs(const json::object& data, const std::string& working_directory) const {
  Needs needs{{"mkvextract", "mkvmerge"}, {}, {}};
  add_matroska_probe(absolute_path(read_mkvextract_task(data).source, working_directory), needs.probes);
  return needs;
}

Planned MkvextractModule::plan(const json::object& data, const Facts& facts) const {
  Planned planned;
  const MkvextractTask task = read_mkvextract_task(data);
  const std::string path = absolute_path(task.source, facts.working_directory);
  check_programs({"mkvextract", "mkvmerge"}, facts, planned.problems);
  const MatroskaSource source = look_at_source(path, "/source", facts, planned.problems);
  check_container(source, path, planned.problems);
  TrackFinder tracks(task, source, planned);
  const bool found = tracks.look();
  check_outputs(task, facts, planned.problems);
  in_document_order(planned.problems, data);
  if (!found || has_document_problem(planned.problems)) {
    planned.deferred.clear();
    return planned;
  }

  Plan plan;
  plan.inputs.push_back(path);
  const auto target = [&](const Item& item) { return absolute_path(item.filename, facts.working_directory); };
  const auto staged = [&](const Item& item) {
    return staged_path(writable_name(target(item), item), facts.attempt_folder);
  };
  for (const auto& mode : task.modes) {
    for (const Item& item : mode.items) {
      plan.outputs.push_back({target(item), staged(item), true, !tracks.may_be_missing(mode, item)});
      plan.writes.push_back(normal_path(target(item), "/"));
    }
  }
  if (planned.deferred.empty()) {
    plan.argv = arguments(task, tracks, task.source, [](const Item& item) { return item.filename; });
    plan.argv.insert(plan.argv.begin(), "mkvextract");
    RunProgram run{arguments(task, tracks, path, staged), std::nullopt, {0, 1}};  // 1: there were warnings
    const auto program = facts.programs.find("mkvextract");
    run.argv.insert(run.argv.begin(),
                    {program == facts.programs.end() ? "mkvextract" : program->second, "--gui-mode"});
    plan.action = std::move(run);
  }
  planned.plan = std::move(plan);
  return planned;
}

std::unique_ptr<ProgressReader> MkvextractModule::progress(const Plan&) const {
  return std::make_unique<MkvProgressReader>();
}

}  // namespace sisyphus::modules
