#pragma once

#include "core/errc.hpp"
#include "core/job.hpp"

#include <boost/json/basic_parser.hpp>
#include <boost/json/error.hpp>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The rules of a job document's members (docs/api.md), as the parser comes by them.
namespace sisyphus {

// The members of a job, in the order of the table of their names.
enum class JobField : std::uint8_t {
  job_title,
  job_name,
  tasks,
  priority,
  max_attempts,
  timeout_s,
  not_before,
  requires_,
  idempotency_key,
  metadata,
  job_id,
  added,  // only in stored texts
  none
};

// Receives one job document from the parser, token by token, and builds no tree: it keeps the facts of
// JobSpec, where the key `job_name` stands, and the first rule that is broken.
class DocumentHandler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = boost::json::error_code;

  DocumentHandler(std::string_view input, bool stored, std::string prefix)
      : input_(input), stored_(stored), prefix_(std::move(prefix)) {}

  JobSpec spec;
  Error error;                  // set when parsing stopped for a rule of ours
  std::size_t job_name_at = 0;  // offset of the key's text in the input, 0 when it is not there
  bool has_requires = false;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code& code) { return value(Kind::object, code) && enter(); }
  bool on_array_begin(Code& code) { return value(Kind::array, code) && enter(); }
  bool on_array_end(std::size_t, Code& code) {
    --depth_;
    if (depth_ == 1 && field_ == Field::tasks && spec.task_count == 0) {
      return fail(code, "a job needs at least one task", "/tasks");
    }
    return true;
  }
  bool on_object_end(std::size_t, Code& code) {
    --depth_;
    if (depth_ == 0) return document_complete(code);
    if (depth_ == 2 && field_ == Field::tasks) return task_complete(code);
    return true;
  }
  bool on_key_part(boost::json::string_view part, std::size_t, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(boost::json::string_view part, std::size_t, Code& code) {
    const bool of_task = depth_ == 3 && field_ == Field::tasks;
    const bool whole = text_.empty();
    if (depth_ == 1 || of_task) text_.append(part.data(), part.size());
    if (of_task) {
      task_key_ = text_;
      if (text_ != "module" && text_ != "data") other_keys_.push_back(text_);
    }
    const bool good = depth_ != 1 || top_key(text_, whole ? part.data() : nullptr, code);
    text_.clear();
    return good;
  }
  bool on_string_part(boost::json::string_view part, std::size_t, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(boost::json::string_view part, std::size_t, Code& code) {
    if (depth_ > 3) {  // inside a task's data: nobody asks here
      text_.clear();
      return true;
    }
    text_.append(part.data(), part.size());
    string_.swap(text_);
    text_.clear();
    return value(Kind::string, code);
  }
  bool on_number_part(boost::json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, boost::json::string_view, Code& code) {
    number_ = static_cast<double>(number);
    return value(Kind::integer, code);
  }
  bool on_uint64(std::uint64_t number, boost::json::string_view, Code& code) {
    number_ = static_cast<double>(number);
    return value(Kind::integer, code);
  }
  bool on_double(double number, boost::json::string_view text, Code& code) {
    if (!std::isfinite(number) || text.find_first_of(".eE") == boost::json::string_view::npos) {
      return fail(code,
                  fmt::format("the number {} fits neither a 64-bit integer nor a finite double",
                              std::string_view(text.data(), text.size())),
                  here());
    }
    number_ = number;
    return value(Kind::real, code);
  }
  bool on_bool(bool, Code& code) { return value(Kind::boolean, code); }
  bool on_null(Code& code) { return value(Kind::null, code); }
  bool on_comment_part(boost::json::string_view, Code&) { return true; }
  bool on_comment(boost::json::string_view, Code&) { return true; }

 private:
  using Field = JobField;
  enum class Kind : std::uint8_t { object, array, string, integer, real, boolean, null };
  static const char* name_of(Kind kind) {
    static constexpr std::array kNames{"an object", "an array",  "a string", "an integer",
                                       "a number",  "a boolean", "null"};
    return kNames[static_cast<std::size_t>(kind)];
  }
  bool enter() {
    ++depth_;
    return true;
  }
  bool fail(Code& code, std::string detail, const std::string& pointer);
  // The pointer of the value that is being read, as deep as this class looks.
  std::string here() const;
  bool expect(Kind wanted, Kind found, Code& code);
  bool expect_task(Kind found, Code& code);
  std::string last_name() const;
  bool top_key(const std::string& key, const char* at, Code& code);
  static std::string unknown_field(const std::string& key);
  bool both_titles(Code& code);
  bool saw(Field field) const { return (seen_ & (1U << static_cast<unsigned>(field))) != 0; }
  bool value(Kind kind, Code& code);
  bool task_value(Kind kind, Code& code);
  bool top_value(Kind kind, Code& code);
  bool range(int least, int most, int& to, Code& code);
  bool task_complete(Code& code);
  // The key of the task that was most likely meant to be `key`; other keys are kept, and no error.
  std::string found_instead_of(const std::string& key) const;
  bool document_complete(Code& code);

  std::string_view input_;
  bool stored_;
  std::string prefix_;
  int depth_ = 0;
  unsigned seen_ = 0;
  Field field_ = Field::none;
  std::string task_key_;
  std::vector<std::string> other_keys_;  // of the task that is being read: what it may have meant
  std::string text_;                     // parts of a key or string that is not whole yet
  std::string string_;                   // the last string value
  double number_ = 0;                    // the last number
  bool has_module_ = false;
  bool has_data_ = false;
};

}  // namespace sisyphus
