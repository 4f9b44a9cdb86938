#include "queue/snapshot.hpp"

#include "queue/kept_job.hpp"

#include <map>
#include <utility>

namespace sisyphus::queue {
namespace {

Result<void> add_settings(SnapshotWriter& writer, const JournalState& state) {
  if (auto added = writer.add(Started{state.jobs.epoch()}); !added) return added;
  if (state.jobs.disabled()) {
    if (auto added = writer.add(QueueAttributes{true}); !added) return added;
  }
  for (const std::string& worker : state.disabled_workers) {
    if (auto added = writer.add(WorkerAttributes{worker, true}); !added) return added;
  }
  for (const auto& [key, document] : state.documents) {
    if (auto added = writer.add(DocumentStored{key.first, key.second, document}); !added) return added;
  }
  return {};
}

}  // namespace

Result<std::uint64_t> write_snapshot(SnapshotWriter& writer, const JournalState& state,
                                     const ReadAgain& read_again) {
  if (auto added = add_settings(writer, state); !added) return added.error();
  std::uint64_t next_order = 1;
  std::map<std::uint64_t, Kept> ended;
  auto read = read_again([&](Record&& record, const RecordPlace&) -> Result<void> {
    const auto* const submitted = std::get_if<Submitted>(&record);
    if (submitted == nullptr || submitted->order < next_order) return {};
    const Job* const job = state.jobs.table().find_order(submitted->order);
    if (job == nullptr) return {};
    next_order = job->order + 1;
    if (auto added = writer.add(record); !added) return added;
    if (job->prioritized) {
      if (auto added = writer.add(Prioritized{job->order, job->priority}); !added) return added;
    }
    auto changed = kept(*job, submitted->facts);
    if (!changed) return {};
    if (!is_terminal(job->state)) return writer.add(std::move(*changed));
    ended.emplace(job->order, std::move(*changed));
    return {};
  });
  if (!read) return read.error();
  for (const Job& job : state.jobs.table().ended()) {
    if (auto added = writer.add(std::move(ended.at(job.order))); !added) return added.error();
  }
  if (auto added = writer.add(Numbered{state.jobs.next_order()}); !added) return added.error();
  return writer.finish();
}

void drop_document(Record& record) {
  // An assignment would keep the memory.
  if (auto* const submitted = std::get_if<Submitted>(&record)) std::string().swap(submitted->document);
}

}  // namespace sisyphus::queue
