#pragma once

#include "core/services.hpp"

#include <string>

// The JSON of docs/api.md.
namespace sisyphus::net {

std::string status_json(const JobView& view);       // a status, with info
std::string state_event_json(const JobView& view);  // the same without info, for events
std::string job_json(const JobView& view);          // the document with the members of a status
std::string log_tail(const JobView& view);          // of a finished job: info.log_tail; empty: none
std::string grants_json(
    const std::vector<Grant>& grants);  // a poll's reply: documents with lease and attempt
std::string lease_json(LeaseToken token, Millis expires_in);
std::string worker_json(const WorkerView& view);
std::string attributes_json(bool disabled);
const char* verdict_name(Verdict verdict);

// One Server-Sent Event, ready to be written. `data` is JSON without line breaks; an empty id is left out.
std::string sse_event(std::string_view id, std::string_view type, std::string_view data);

}  // namespace sisyphus::net
