#pragma once

#include "queue/journal_reader.hpp"
#include "queue/journal_state.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::queue {

using LookAtRecord = std::function<void(const Record& record, const RecordPlace& place)>;

// What a journal is made of, learnt by reading it as a start does. Nothing is changed and nothing is locked:
// a server may be writing it.
struct Survey {
  JournalRange range;
  JournalEnd end;
  std::map<std::string, std::uint64_t> records;  // by type
  std::unique_ptr<JournalState> state;           // its jobs have no documents

  std::uint64_t size() const;  // bytes of the snapshot and all segments
};

// Each record is shown to `on_record` first.
// Errc::conflict when a compaction took the files away meanwhile: begin again.
Result<Survey> survey(FileSystem& files, const std::string& directory, const LookAtRecord& on_record = {},
                      std::optional<Damage>* damage = nullptr);

// A finished job whose text cannot be read.
struct DamagedText {
  JobId job{};
  std::string what;  // names file and byte
};
std::vector<DamagedText> damaged_texts(FileSystem& files, const Survey& surveyed);

// Bytes of the records and documents of `surveyed` that still say something: the rest is there until it is
// compacted. Reads the journal once more.
Result<std::uint64_t> live_bytes(FileSystem& files, const Survey& surveyed);

}  // namespace sisyphus::queue
