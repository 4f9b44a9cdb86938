#include "queue/journal_state.hpp"

namespace sisyphus::queue {

Result<void> JournalState::replay(Record record) {
  if (auto* const stored = std::get_if<DocumentStored>(&record)) {
    documents[{std::move(stored->module), std::move(stored->name)}] = std::move(stored->document);
  } else if (const auto* erased = std::get_if<DocumentErased>(&record)) {
    documents.erase({erased->module, erased->name});
  } else if (const auto* attributes = std::get_if<WorkerAttributes>(&record)) {
    if (attributes->disabled) {
      disabled_workers.insert(attributes->worker_id);
    } else {
      disabled_workers.erase(attributes->worker_id);
    }
  } else {
    return jobs.replay(std::move(record));
  }
  return {};
}

std::uint64_t JournalState::live_bytes() const {
  std::uint64_t bytes = jobs.live_bytes();
  for (const auto& [key, document] : documents) bytes += document.size();
  return bytes;
}

}  // namespace sisyphus::queue
