#pragma once

#include "core/errc.hpp"
#include "core/job.hpp"

#include <string>
#include <string_view>
#include <vector>

// The job document (docs/api.md): checked once, when it is submitted, and from then on kept as text. It is
// never serialized again, so numbers, key order and strings come back as they were sent.
namespace sisyphus {

constexpr std::size_t kMaxJsonDepth = 32;

struct JobDocument {
  JobId id;
  std::string text;  // what is stored and handed out: one JSON object that begins with job_id and added
  JobSpec spec;
};

// Reads a POST /queue body: one object, or an array of at least one (then `is_array` is true).
// Fails with Errc::invalid naming the field by its JSON Pointer.
struct Submission {
  std::vector<JobDocument> jobs;
  bool is_array = false;
};
// When a stored text was added: it stands at its beginning. Nothing for a text that is none of ours.
std::optional<WallTime> added_at(std::string_view stored_text);

Result<Submission> read_submission(std::string_view body, WallTime added);

// The facts in a stored text; fails only where the text was damaged.
Result<JobSpec> read_stored_spec(std::string_view text);

}  // namespace sisyphus
