#pragma once

#include "queue/journal_reader.hpp"
#include "queue/journal_state.hpp"
#include "queue/snapshot_writer.hpp"

#include <functional>

namespace sisyphus::queue {

// Reads a journal once more, from its beginning.
using ReadAgain = std::function<Result<void>(const OnRecord&)>;

// Writes and finishes the snapshot of `state`. Its jobs have no documents, those are taken from `read_again`:
// so a state takes little memory beside the one that a server has. Bytes of the file.
Result<std::uint64_t> write_snapshot(SnapshotWriter& writer, const JournalState& state,
                                     const ReadAgain& read_again);

// For the first time that a journal is read: leaves out what `read_again` will bring.
void drop_document(Record& record);

}  // namespace sisyphus::queue
