#include "core/document_handler.hpp"

#include "core/json_pointer.hpp"
#include "core/near_match.hpp"
#include "core/rfc3339.hpp"

#include <algorithm>
#include <optional>

namespace sisyphus {

namespace {

using Field = JobField;

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

}  // namespace

bool DocumentHandler::fail(Code& code, std::string detail, const std::string& pointer) {
  error = invalid(std::move(detail), prefix_ + pointer);
  code = boost::json::error::incomplete;  // any code stops the parser; `error` is what is reported
  return false;
}

std::string DocumentHandler::here() const {
  if (depth_ < 1 || field_ == Field::none) return "";
  std::string pointer = "/" + std::string(kFields[static_cast<std::size_t>(field_)].first);
  if (field_ == Field::tasks && depth_ >= 2) {
    pointer += fmt::format("/{}", depth_ == 2 ? spec.task_count : spec.task_count - 1);
    if (depth_ >= 3) pointer += "/" + task_key_;
  }
  return pointer;
}

bool DocumentHandler::expect(Kind wanted, Kind found, Code& code) {
  if (wanted == found || (wanted == Kind::real && found == Kind::integer)) return true;
  return fail(code, fmt::format("{} must be {}, found {}", last_name(), name_of(wanted), name_of(found)),
              here());
}

bool DocumentHandler::expect_task(Kind found, Code& code) {
  if (found == Kind::object) return true;
  return fail(code, fmt::format("a task must be an object with module and data, found {}", name_of(found)),
              fmt::format("/tasks/{}", spec.task_count));
}

std::string DocumentHandler::last_name() const {
  const std::string pointer = here();
  return pointer.substr(pointer.rfind('/') + 1);
}

bool DocumentHandler::top_key(const std::string& key, const char* at, Code& code) {
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

std::string DocumentHandler::unknown_field(const std::string& key) {
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

bool DocumentHandler::both_titles(Code& code) {
  return fail(code, "give job_title or its alias job_name, not both", "/job_name");
}

bool DocumentHandler::value(Kind kind, Code& code) {
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
      other_keys_.clear();
      return true;
    case 3:
      return field_ != Field::tasks || task_value(kind, code);
    default:
      return true;
  }
}

bool DocumentHandler::task_value(Kind kind, Code& code) {
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

bool DocumentHandler::top_value(Kind kind, Code& code) {
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

bool DocumentHandler::range(int least, int most, int& to, Code& code) {
  if (number_ < least || number_ > most) {
    return fail(code,
                fmt::format("{} must lie between {} and {}, found {}", last_name(), least, most, number_),
                here());
  }
  to = static_cast<int>(number_);
  return true;
}

bool DocumentHandler::task_complete(Code& code) {
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

std::string DocumentHandler::found_instead_of(const std::string& key) const {
  const auto typo = std::find_if(other_keys_.begin(), other_keys_.end(),
                                 [&](const std::string& one) { return !near_matches(one, {key}).empty(); });
  return typo == other_keys_.end() ? std::string{} : fmt::format(", found \"{}\"", *typo);
}

bool DocumentHandler::document_complete(Code& code) {
  if (!saw(Field::job_title) && !saw(Field::job_name)) {
    return fail(code, "a job needs a job_title", "/job_title");
  }
  if (!saw(Field::tasks)) return fail(code, "a job needs tasks, an array of at least one", "/tasks");
  auto& modules = spec.needs.modules;
  std::sort(modules.begin(), modules.end());
  modules.erase(std::unique(modules.begin(), modules.end()), modules.end());
  return true;
}

}  // namespace sisyphus
