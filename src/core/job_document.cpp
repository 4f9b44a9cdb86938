#include "core/job_document.hpp"

#include "core/job_requirements.hpp"
#include "core/json_pointer.hpp"
#include "core/near_match.hpp"
#include "core/parse_json.hpp"
#include "core/rfc3339.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sisyphus {
namespace {

namespace json = boost::json;

enum class Field : std::uint8_t {
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

constexpr std::array<std::pair<std::string_view, Field>, 12> kFields{
    {{"job_title", Field::job_title},
     {"job_name", Field::job_name},
     {"tasks", Field::tasks},
     {"priority", Field::priority},
     {"max_attempts", Field::max_attempts},
     {"timeout_s", Field::timeout_s},
     {"not_before", Field::not_before},
     {"requires", Field::requires_},
     {"idempotency_key", Field::idempotency_key},
     {"metadata", Field::metadata},
     {"job_id", Field::job_id},
     {"added", Field::added}}};

Field field_of(std::string_view key, bool stored) {
  for (const auto& [name, field] : kFields) {
    if (key == name) return stored || field < Field::job_id ? field : Field::none;
  }
  return Field::none;
}

// Receives one job document from the parser, token by token, and builds no tree: it keeps the facts of
// JobSpec, where the key `job_name` stands, and the first rule that is broken.
class DocumentHandler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = json::error_code;

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
  bool on_key_part(json::string_view part, std::size_t, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Code& code) {
    const bool whole = text_.empty();
    text_.append(part.data(), part.size());
    const std::string key = std::exchange(text_, {});
    if (depth_ == 1) return top_key(key, whole ? part.data() : nullptr, code);
    if (depth_ == 3 && field_ == Field::tasks) {
      task_key_ = key;
      task_keys_.push_back(key);
    }
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Code& code) {
    if (depth_ > 3) {  // inside a task's data: nobody asks here
      text_.clear();
      return true;
    }
    text_.append(part.data(), part.size());
    string_ = std::exchange(text_, {});
    return value(Kind::string, code);
  }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Code& code) {
    number_ = static_cast<double>(number);
    return value(Kind::integer, code);
  }
  bool on_uint64(std::uint64_t number, json::string_view, Code& code) {
    number_ = static_cast<double>(number);
    return value(Kind::integer, code);
  }
  bool on_double(double number, json::string_view text, Code& code) {
    if (!std::isfinite(number) || text.find_first_of(".eE") == json::string_view::npos) {
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
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

 private:
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

  bool fail(Code& code, std::string detail, const std::string& pointer) {
    error = invalid(std::move(detail), prefix_ + pointer);
    code = json::error::incomplete;  // any code stops the parser; `error` is what is reported
    return false;
  }

  // The pointer of the value that is being read, as deep as this class looks.
  std::string here() const {
    if (depth_ < 1 || field_ == Field::none) return "";
    std::string pointer = "/" + std::string(kFields[static_cast<std::size_t>(field_)].first);
    if (field_ == Field::tasks && depth_ >= 2) {
      pointer += fmt::format("/{}", depth_ == 2 ? spec.task_count : spec.task_count - 1);
      if (depth_ >= 3) pointer += "/" + task_key_;
    }
    return pointer;
  }

  bool expect(Kind wanted, Kind found, Code& code) {
    if (wanted == found || (wanted == Kind::real && found == Kind::integer)) return true;
    return fail(code, fmt::format("{} must be {}, found {}", last_name(), name_of(wanted), name_of(found)),
                here());
  }

  bool expect_task(Kind found, Code& code) {
    if (found == Kind::object) return true;
    return fail(code, fmt::format("a task must be an object with module and data, found {}", name_of(found)),
                fmt::format("/tasks/{}", spec.task_count));
  }

  std::string last_name() const {
    const std::string pointer = here();
    return pointer.substr(pointer.rfind('/') + 1);
  }

  bool top_key(const std::string& key, const char* at, Code& code) {
    field_ = field_of(key, stored_);
    if (field_ == Field::none) return fail(code, unknown_field(key), "/" + pointer_token(key));
    const auto bit = 1U << static_cast<unsigned>(field_);
    if (seen_ & bit) return fail(code, fmt::format("the field \"{}\" is given twice", key), "/" + key);
    seen_ |= bit;
    has_requires = has_requires || field_ == Field::requires_;
    if (field_ == Field::job_name) {
      if (saw(Field::job_title)) return both_titles(code);
      if (at == nullptr || at < input_.data() || at >= input_.data() + input_.size()) {
        return fail(code, "write the key job_name without escapes", "/job_name");
      }
      job_name_at = static_cast<std::size_t>(at - input_.data());
    }
    if (field_ == Field::job_title && saw(Field::job_name)) return both_titles(code);
    return true;
  }

  static std::string unknown_field(const std::string& key) {
    if (key == "job_id" || key == "added") {
      return fmt::format("the server gives a job its \"{}\"; leave it out", key);
    }
    std::vector<std::string> known;
    for (const auto& [name, field] : kFields) {
      if (field < Field::job_id) known.emplace_back(name);
    }
    return fmt::format(
        "unknown field \"{}\"; a job has job_title, tasks and optionally priority, "
        "max_attempts, timeout_s, not_before, requires, idempotency_key, metadata{}",
        key, did_you_mean(key, known));
  }

  bool both_titles(Code& code) {
    return fail(code, "give job_title or its alias job_name, not both", "/job_name");
  }

  bool saw(Field field) const { return (seen_ & (1U << static_cast<unsigned>(field))) != 0; }

  bool value(Kind kind, Code& code) {
    switch (depth_) {
      case 0:
        if (kind == Kind::object) return true;
        return fail(code, fmt::format("a job must be an object, found {}", name_of(kind)), "");
      case 1:
        return top_value(kind, code);
      case 2:
        if (field_ != Field::tasks) return true;
        if (!expect_task(kind, code)) return false;
        ++spec.task_count;
        has_module_ = has_data_ = false;
        task_keys_.clear();
        return true;
      case 3:
        return field_ != Field::tasks || task_value(kind, code);
      default:
        return true;
    }
  }

  bool task_value(Kind kind, Code& code) {
    if ((task_key_ == "module" && has_module_) || (task_key_ == "data" && has_data_)) {
      return fail(code, fmt::format("the field \"{}\" is given twice", task_key_), here());
    }
    if (task_key_ == "module") {
      if (!expect(Kind::string, kind, code)) return false;
      if (string_.empty()) return fail(code, "module must name a module", here());
      has_module_ = true;
      spec.needs.modules.push_back(string_);
    } else if (task_key_ == "data") {
      has_data_ = true;
      return expect(Kind::object, kind, code);
    }
    return true;
  }

  bool top_value(Kind kind, Code& code) {
    switch (field_) {
      case Field::job_title:
      case Field::job_name:
        if (!expect(Kind::string, kind, code)) return false;
        spec.title = string_;
        return true;
      case Field::tasks:
        return expect(Kind::array, kind, code);
      case Field::priority:
        return expect(Kind::integer, kind, code) && range(kMinPriority, kMaxPriority, spec.priority, code);
      case Field::max_attempts:
        return expect(Kind::integer, kind, code) && range(1, kMostAttempts, spec.max_attempts, code);
      case Field::timeout_s:
        if (!expect(Kind::real, kind, code)) return false;
        if (number_ <= 0)
          return fail(code, fmt::format("timeout_s must be a number of seconds above 0, found {}", number_),
                      here());
        spec.timeout_s = number_;
        return true;
      case Field::not_before:
        if (!expect(Kind::string, kind, code)) return false;
        spec.not_before = parse_rfc3339(string_);
        if (!spec.not_before) {
          return fail(code,
                      fmt::format("not_before must be an RFC 3339 time such as 2026-01-31T22:00:00Z, found "
                                  "\"{}\"",
                                  string_),
                      here());
        }
        return true;
      case Field::idempotency_key:
        if (!expect(Kind::string, kind, code)) return false;
        if (string_.empty() || string_.size() > 255) {
          return fail(code, fmt::format("idempotency_key must have 1 to 255 bytes, found {}", string_.size()),
                      here());
        }
        spec.idempotency_key = string_;
        return true;
      case Field::requires_:
      case Field::metadata:
        return expect(Kind::object, kind, code);
      default:
        return true;
    }
  }

  bool range(int least, int most, int& to, Code& code) {
    if (number_ < least || number_ > most) {
      return fail(code,
                  fmt::format("{} must lie between {} and {}, found {}", last_name(), least, most, number_),
                  here());
    }
    to = static_cast<int>(number_);
    return true;
  }

  bool task_complete(Code& code) {
    const std::string pointer = fmt::format("/tasks/{}", spec.task_count - 1);
    if (!has_module_) {
      return fail(code, "a task must name its module" + found_instead_of("module"), pointer + "/module");
    }
    if (!has_data_) {
      return fail(code, "a task must have data, an object for its module" + found_instead_of("data"),
                  pointer + "/data");
    }
    return true;
  }

  // The key of the task that was most likely meant to be `key`; other keys are kept, and no error.
  std::string found_instead_of(const std::string& key) const {
    const auto typo = std::find_if(task_keys_.begin(), task_keys_.end(),
                                   [&](const std::string& one) { return !near_matches(one, {key}).empty(); });
    return typo == task_keys_.end() ? std::string{} : fmt::format(", found \"{}\"", *typo);
  }

  bool document_complete(Code& code) {
    if (!saw(Field::job_title) && !saw(Field::job_name)) {
      return fail(code, "a job needs a job_title", "/job_title");
    }
    if (!saw(Field::tasks)) return fail(code, "a job needs tasks, an array of at least one", "/tasks");
    auto& modules = spec.needs.modules;
    std::sort(modules.begin(), modules.end());
    modules.erase(std::unique(modules.begin(), modules.end()), modules.end());
    return true;
  }

  std::string_view input_;
  bool stored_;
  std::string prefix_;
  int depth_ = 0;
  unsigned seen_ = 0;
  Field field_ = Field::none;
  std::string task_key_;
  std::vector<std::string> task_keys_;  // of the task that is being read
  std::string text_;                    // parts of a key or string that is not whole yet
  std::string string_;                  // the last string value
  double number_ = 0;                   // the last number
  bool has_module_ = false;
  bool has_data_ = false;
};

constexpr std::string_view kSpace = " \t\r\n";

struct Scanned {
  JobSpec spec;
  std::size_t length = 0;  // bytes of the input that the object takes
  std::size_t job_name_at = 0;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  return options;
}

Error syntax_error(const json::error_code& code, std::string_view body, std::size_t offset) {
  if (code == json::error::too_deep) {
    return invalid(fmt::format("the JSON is nested deeper than {} levels", kMaxJsonDepth));
  }
  return invalid(fmt::format("not valid JSON: {} at {}", code.message(), place_in(body, offset)));
}

// Reads the one object that begins at `start` of the text.
Result<Scanned> scan(std::string_view body, std::size_t start, bool stored, const std::string& prefix) {
  const std::string_view input = body.substr(start);
  json::basic_parser<DocumentHandler> parser(options(), input, stored, prefix);
  json::error_code code;
  const std::size_t length = parser.write_some(false, input.data(), input.size(), code);
  DocumentHandler& handler = parser.handler();
  if (!handler.error.detail.empty()) return std::move(handler.error);
  if (code) return syntax_error(code, body, start + length);
  // The parser also takes the white space behind the object, which is no part of it.
  const std::size_t end = input.substr(0, length).find_last_not_of(kSpace) + 1;
  Scanned scanned{std::move(handler.spec), end, handler.job_name_at};
  if (handler.has_requires) {
    const json::value tree = json::parse({input.data(), end}, {}, options());
    if (auto read =
            read_requirements(tree.at("requires").as_object(), prefix + "/requires", scanned.spec.needs);
        !read)
      return read.error();
  }
  return scanned;
}

// Appends `text` with `&` as \u0026. It stands only inside strings, where both are the same character: the
// original client unescapes HTML entities in what it polls.
void append_without_ampersands(std::string_view text, std::string& out) {
  for (std::size_t at = text.find('&'); at != std::string_view::npos; at = text.find('&')) {
    out.append(text.substr(0, at)).append("\\u0026");
    text.remove_prefix(at + 1);
  }
  out += text;
}

std::string stored_text(std::string_view object, std::size_t job_name_at, const JobId& id,
                        const std::string& added) {
  static constexpr std::string_view kAlias = "job_name";
  std::string text;
  const std::string front = fmt::format(R"({{"job_id":"{}","added":"{}",)", to_string(id), added);
  text.reserve(front.size() + object.size());  // a million of them may wait: not a byte for nothing
  text += front;
  if (job_name_at != 0) {
    append_without_ampersands(object.substr(1, job_name_at - 1), text);
    text += "job_title";
    object.remove_prefix(job_name_at + kAlias.size() - 1);
  }
  append_without_ampersands(object.substr(1), text);
  return text;
}

std::string_view skip_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text;
}

}  // namespace

std::optional<WallTime> added_at(std::string_view stored_text) {
  static constexpr std::string_view kBefore = R"(","added":")";
  static constexpr std::size_t kHead = 64;  // it follows the id
  const std::size_t at = stored_text.substr(0, kHead).find(kBefore);
  if (at == std::string_view::npos) return std::nullopt;
  stored_text.remove_prefix(at + kBefore.size());
  return parse_rfc3339(stored_text.substr(0, stored_text.find('"')));
}

Result<Submission> read_submission(std::string_view body, WallTime added) {
  std::string_view rest = skip_space(body);
  const auto offset = [&] { return body.size() - rest.size(); };
  const auto unexpected = [&](std::string_view what) {
    return invalid(fmt::format("not valid JSON: {} at {}", what, place_in(body, offset())));
  };
  if (rest.empty()) return invalid("the body is empty; send a job: {\"job_title\": …, \"tasks\": […]}");
  const std::string added_text = rfc3339(added);
  Submission submission;
  submission.is_array = rest.front() == '[';
  if (submission.is_array) rest = skip_space(rest.substr(1));
  if (submission.is_array && rest.starts_with(']')) return invalid("the array holds no job");
  for (;;) {
    const std::string prefix = submission.is_array ? fmt::format("/{}", submission.jobs.size()) : "";
    auto scanned = scan(body, offset(), false, prefix);
    if (!scanned) return scanned.error();
    const JobId id = make_uuid();
    submission.jobs.push_back(
        {id, stored_text(rest.substr(0, scanned->length), scanned->job_name_at, id, added_text),
         std::move(scanned->spec)});
    rest = skip_space(rest.substr(scanned->length));
    if (!submission.is_array) break;
    if (rest.starts_with(']')) {
      rest = skip_space(rest.substr(1));
      break;
    }
    if (!rest.starts_with(',')) return unexpected("an array of jobs needs ',' or ']' after a job,");
    rest = skip_space(rest.substr(1));
  }
  if (!rest.empty()) return unexpected("there is more after the end,");
  return submission;
}

Result<JobSpec> read_stored_spec(std::string_view text) {
  auto scanned = scan(text, 0, true, "");
  if (!scanned) return scanned.error();
  return std::move(scanned->spec);
}

}  // namespace sisyphus
