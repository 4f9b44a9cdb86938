#include "queue/compaction.hpp"

#include "queue/journal_files.hpp"
#include "queue/journal_state.hpp"
#include "queue/kept_job.hpp"
#include "queue/manifest.hpp"
#include "queue/snapshot_writer.hpp"

#include <utility>

namespace sisyphus::queue {
namespace {

class Compactor {
 public:
  Compactor(FileSystem& files, const JournalRange& range, std::size_t history, const std::stop_token& stop)
      : files_(files), range_(range), stop_(stop), state_(policy(history)) {}

  Result<Compacted> run() {
    auto next = learn();
    if (!next) return next.error();
    auto writer = SnapshotWriter::create(files_, range_.directory, *next);
    if (!writer) return writer.error();
    auto size = write(*writer);
    if (!size) return given_up(*writer, size.error());
    if (auto named = write_manifest(files_, range_.directory, {range_.store_id, range_.end}); !named)
      return named.error();
    Compacted done{range_.end, *size, state_.jobs.size(), {}};
    // From here on nobody reads what is outdated, be it there or half removed.
    if (auto removed = remove_outdated(files_, range_.directory, range_.end); !removed)
      done.trouble = removed.error().detail;
    return done;
  }

 private:
  static Policy policy(std::size_t history) {
    Policy policy;
    policy.history = history;
    return policy;
  }

  Result<JournalEnd> read(const OnRecord& on_record) {
    const OnRecord unless_stopped = [&](Record&& record, const RecordPlace& place) -> Result<void> {
      if (stop_.stop_requested()) return Error{Errc::unavailable, "the compaction was stopped", {}};
      return on_record(std::move(record), place);
    };
    auto end = read_journal(files_, range_, unless_stopped);
    if (!end) return end.error();
    if (!*end) return invalid("there is nothing to compact");
    return std::move(**end);
  }

  // First time through: what has become of the jobs. Their documents are left where they are, so that this
  // takes a part of the memory that the server itself has for them.
  Result<SegmentHeader> learn() {
    auto end = read([this](Record&& record, const RecordPlace&) {
      if (auto* const submitted = std::get_if<Submitted>(&record)) submitted->document = {};
      return state_.replay(std::move(record));
    });
    if (!end) return end.error();
    return SegmentHeader{range_.store_id, range_.end, end->last_sequence + 1, end->last_checksum};
  }

  // Second time: the documents of those that are left.
  Result<std::uint64_t> write(SnapshotWriter& writer) {
    if (auto added = add_attributes(writer); !added) return added.error();
    std::map<std::uint64_t, Kept> ended;
    auto end = read([&](Record&& record, const RecordPlace&) -> Result<void> {
      const auto* const submitted = std::get_if<Submitted>(&record);
      const Job* const job = submitted ? state_.jobs.table().find_order(submitted->order) : nullptr;
      if (job == nullptr) return {};
      if (auto added = writer.add(record); !added) return added;
      auto changed = kept(*job, submitted->facts);
      if (is_terminal(job->state)) {
        ended.emplace(job->order, std::move(*changed));
      } else if (changed) {
        return writer.add(std::move(*changed));
      }
      return {};
    });
    if (!end) return end.error();
    for (const Job& job : state_.jobs.table().ended()) {
      if (auto added = writer.add(std::move(ended.at(job.order))); !added) return added.error();
    }
    if (auto added = writer.add(Numbered{state_.jobs.next_order()}); !added) return added.error();
    return writer.finish();
  }

  Result<void> add_attributes(SnapshotWriter& writer) {
    if (auto added = writer.add(Started{state_.jobs.epoch()}); !added) return added;
    if (state_.jobs.disabled()) {
      if (auto added = writer.add(QueueAttributes{true}); !added) return added;
    }
    for (const std::string& worker : state_.disabled_workers) {
      if (auto added = writer.add(WorkerAttributes{worker, true}); !added) return added;
    }
    for (const auto& [key, document] : state_.documents) {
      if (auto added = writer.add(DocumentStored{key.first, key.second, document}); !added) return added;
    }
    return {};
  }

  Error given_up(const SnapshotWriter& writer, Error error) {
    const std::string unfinished = writer.unfinished_path();
    if (!files_.size(unfinished)) return error;  // it has its own name already: the next start removes it
    if (auto removed = files_.remove(unfinished); !removed) error.detail += "; " + removed.error().detail;
    return error;
  }

  FileSystem& files_;
  const JournalRange& range_;
  const std::stop_token& stop_;
  JournalState state_;
};

}  // namespace

Result<Compacted> compact(FileSystem& files, const JournalRange& range, std::size_t history,
                          const std::stop_token& stop) {
  return Compactor(files, range, history, stop).run();
}

}  // namespace sisyphus::queue
