#pragma once

#include "queue/journal_reader.hpp"

#include <string>

namespace sisyphus::app {

// A record of the journal as one line of JSON. Without `documents` only their sizes are told.
std::string record_line(const queue::Record& record, const queue::RecordPlace& place, bool documents);

}  // namespace sisyphus::app
