#include "queue/compaction.hpp"

#include "queue/journal_files.hpp"
#include "queue/manifest.hpp"
#include "queue/snapshot.hpp"

#include <utility>

namespace sisyphus::queue {
namespace {

Result<JournalEnd> read(FileSystem& files, const JournalRange& range, const std::stop_token& stop,
                        const OnRecord& on_record) {
  auto end = read_journal(files, range, [&](Record&& record, const RecordPlace& place) -> Result<void> {
    if (stop.stop_requested()) return Error{Errc::unavailable, "the compaction was stopped", {}};
    return on_record(std::move(record), place);
  });
  if (!end) return end.error();
  if (!*end) return invalid("there is nothing to compact in " + range.directory);
  return std::move(**end);
}

Result<std::uint64_t> make_snapshot(FileSystem& files, const JournalRange& range, const JournalState& state,
                                    const SegmentHeader& next, const std::stop_token& stop) {
  auto writer = SnapshotWriter::create(files, range.directory, next);
  if (!writer) return writer.error();
  auto size = write_snapshot(*writer, state, [&](const OnRecord& on_record) -> Result<void> {
    auto end = read(files, range, stop, on_record);
    if (!end) return end.error();
    return {};
  });
  if (size) return size;
  // When it has its name already, the next start removes it.
  Error error = size.error();
  const std::string path = writer->unfinished_path();
  if (!files.size(path)) return error;
  if (auto removed = files.remove(path); !removed) error.detail += "; " + removed.error().detail;
  return error;
}

}  // namespace

Result<Compacted> compact(FileSystem& files, const JournalRange& range, const std::stop_token& stop) {
  JournalState state;
  auto end = read(files, range, stop, [&state](Record&& record, const RecordPlace&) {
    drop_document(record);
    return state.replay(std::move(record));
  });
  if (!end) return end.error();
  const SegmentHeader next{range.store_id, range.end, end->last_sequence + 1, end->last_checksum};
  auto size = make_snapshot(files, range, state, next, stop);
  if (!size) return size.error();
  if (auto named = write_manifest(files, range.directory, {range.store_id, range.end}); !named)
    return named.error();
  Compacted done{range.end, *size, state.jobs.size(), {}};
  // From here on nobody reads what is outdated, be it there or half removed.
  if (auto removed = remove_outdated(files, range.directory, range.end); !removed)
    done.trouble = removed.error().detail;
  return done;
}

}  // namespace sisyphus::queue
