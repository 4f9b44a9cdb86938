#pragma once

#include "core/errc.hpp"
#include "core/ids.hpp"
#include "core/job.hpp"
#include "queue/avoidance.hpp"
#include "queue/history_place.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What the journal remembers: one record for each change that must survive. The state machine's state is what
// these records make of an empty one. Jobs are named by `order`, the number of their submission; times are
// wall clock, milliseconds since 1970.
namespace sisyphus::queue {

struct Started {  // the server opened this journal; `epoch` counts its starts
  std::uint32_t epoch = 0;
};
struct Submitted {
  std::uint64_t order = 0;
  JobId id{};
  JobFacts facts{};
  std::string document{};
};
struct Granted {
  std::uint64_t order = 0;
  LeaseToken token;
  std::uint32_t attempt = 0;
  bool anonymous = false;  // to the original client, which knows no tokens
  std::int64_t at = 0;
  std::string worker_id{};
};
struct Finished {
  std::uint64_t order = 0;
  JobState state = JobState::completed;
  bool unconfirmed = false;
  bool forget_token = false;  // the lease was lost: a completion that comes later is stale
  std::int64_t at = 0;
  std::string message{};  // in brief
  HistoryPlace text{};    // all of it, and the info; none for a job that had no more to say
};
struct Requeued {
  std::uint64_t order = 0;
  bool counted = true;  // false: the grant it had costs no attempt
  bool held = false;
  bool forget_token = false;    // the worker gave it up itself and may not come back with it
  std::int64_t not_before = 0;  // 0: at once
  std::string reason{};
  std::int64_t at = 0;
  std::int64_t avoid_for = 0;  // milliseconds; 0: the worker may have it again
};
struct CancelRequested {
  std::uint64_t order = 0;
};
struct Removed {
  std::uint64_t order = 0;
};
struct Cleared {  // the waiting jobs of these numbers are gone, `end` not among them
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
struct Held {
  std::uint64_t order = 0;
  bool held = true;
};
struct Retried {
  std::uint64_t order = 0;
};
struct MarkedIrreversible {
  std::uint64_t order = 0;
};
struct QueueAttributes {
  bool disabled = false;
};
struct WorkerAttributes {
  std::string worker_id{};
  bool disabled = false;
};
struct DocumentStored {
  std::string module{};
  std::string name{};
  std::string document{};
};
struct DocumentErased {
  std::string module{};
  std::string name{};
};
struct Bound {  // a heartbeat of the original client has named the job: this worker has it
  std::uint64_t order = 0;
  std::string worker_id{};
};
// Only in snapshots: what has become of a job since it was submitted. Of those that ended, in the order in
// which they did.
struct Kept {
  std::uint64_t order = 0;
  JobState state = JobState::queued;
  LeaseToken token;
  std::uint32_t attempt = 0;
  bool held = false;
  bool irreversible = false;
  bool backing_off = false;
  bool given_up = false;
  std::int64_t not_before = 0;
  std::string message{};
  std::vector<Attempt> past{};
  std::string worker_id{};  // of the run, or of the one that ended the job
  bool anonymous = false;
  std::int64_t started_at = 0;
  std::int64_t ended_at = 0;  // and what follows: of jobs that ended
  bool unconfirmed = false;
  bool lost = false;
  HistoryPlace text{};
  std::vector<Avoided> avoid{};  // who gave it back

  bool operator==(const Kept&) const = default;
};
struct Numbered {  // only in snapshots: the number that the next submission gets
  std::uint64_t next_order = 1;
};
struct HistoryLost {  // the disk had no room for the texts that were to stand there
  std::uint64_t segment = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
struct Forgotten {};  // the job that ended first has left the history
struct Prioritized {
  std::uint64_t order = 0;
  std::int64_t priority = 0;
};

using Record =
    std::variant<Started, Submitted, Granted, Finished, Requeued, CancelRequested, Removed, Cleared, Held,
                 Retried, MarkedIrreversible, QueueAttributes, WorkerAttributes, DocumentStored,
                 DocumentErased, Bound, Kept, Numbered, HistoryLost, Forgotten, Prioritized>;

const char* type_name(const Record& record);  // "submitted"

// Appends the record's bytes: a type byte (its place in Record, plus one), then its members; integers are
// LEB128, strings and the like are length and bytes.
void encode(const Record& record, std::string& out);

// The most bytes that Submitted takes for this job.
std::size_t submitted_size(const JobFacts& facts, std::string_view document);

// Takes one record off the front of `bytes`. Fails on anything that encode() did not write.
Result<Record> decode(std::string_view& bytes);

}  // namespace sisyphus::queue
