#include "queue/journal_survey.hpp"

#include "queue/history.hpp"
#include "queue/manifest.hpp"
#include "queue/snapshot.hpp"

#include <fmt/format.h>

namespace sisyphus::queue {

std::uint64_t Survey::size() const {
  std::uint64_t bytes = end.snapshot_size;
  for (const auto& [number, size] : end.segment_size) bytes += size;
  return bytes;
}

Result<Survey> survey(FileSystem& files, const std::string& directory, const LookAtRecord& on_record,
                      std::optional<Damage>* damage) {
  Survey survey;
  survey.state = std::make_unique<JournalState>();
  if (auto names = files.list(directory); !names) return names.error();
  auto manifest = read_manifest(files, directory);
  if (!manifest) {
    if (damage != nullptr && manifest.error().code == Errc::io)
      *damage = Damage{manifest_path(directory), 0, manifest.error().detail};
    return manifest.error();
  }
  if (!*manifest) return not_found(directory + " holds no journal");
  survey.range = {directory, (*manifest)->store_id, (*manifest)->first_segment};
  auto end = read_journal(
      files, survey.range,
      [&](Record&& record, const RecordPlace& place) -> Result<void> {
        if (on_record) on_record(record, place);
        ++survey.records[type_name(record)];
        drop_document(record);
        return survey.state->replay(std::move(record));
      },
      damage);
  if (!end) {
    const auto now = read_manifest(files, directory);
    const bool compacted = now && *now && (*now)->first_segment != (*manifest)->first_segment;
    if (compacted) return Error{Errc::conflict, directory + " was compacted meanwhile: try again", {}};
    return end.error();
  }
  if (*end) survey.end = std::move(**end);
  return survey;
}

std::vector<DamagedText> damaged_texts(FileSystem& files, const Survey& surveyed) {
  std::vector<DamagedText> damaged;
  for (const Job& job : surveyed.state->jobs.table().ended()) {
    const HistoryPlace& place = job.outcome->text;
    if (!place) continue;
    const auto text = read_history(files, surveyed.range.directory, place, job.id);
    if (!text) damaged.push_back({job.id, text.error().detail});
  }
  return damaged;
}

Result<std::uint64_t> live_bytes(FileSystem& files, const Survey& surveyed) {
  std::uint64_t bytes = surveyed.state->live_bytes();
  auto end = read_journal(files, surveyed.range, [&](Record&& record, const RecordPlace&) -> Result<void> {
    const auto* const submitted = std::get_if<Submitted>(&record);
    if (submitted != nullptr && surveyed.state->jobs.table().find_order(submitted->order) != nullptr)
      bytes += submitted->document.size();
    return {};
  });
  if (!end) return end.error();
  return bytes;
}

}  // namespace sisyphus::queue
