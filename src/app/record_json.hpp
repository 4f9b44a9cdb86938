#pragma once

#include "queue/history_format.hpp"
#include "queue/journal_reader.hpp"

#include <optional>
#include <string>

namespace sisyphus::app {

// Where a finished job's text is, for records that say so.
queue::HistoryPlace text_place(const queue::Record& record);

// A record of the journal as one line of JSON. Without `documents` only their sizes are told. `text` is what
// was read at text_place(), where somebody wants to see it.
std::string record_line(const queue::Record& record, const queue::RecordPlace& place, bool documents,
                        const std::optional<Result<queue::HistoryText>>& text = std::nullopt);

}  // namespace sisyphus::app
