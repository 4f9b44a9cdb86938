#include "core/job_document.hpp"

#include "core/document_handler.hpp"
#include "core/job_requirements.hpp"
#include "core/parse_json.hpp"
#include "core/rfc3339.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sisyphus {
namespace {

namespace json = boost::json;

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
  static constexpr std::string_view kId = R"({"job_id":")";
  static constexpr std::string_view kAdded = R"(","added":")";
  static constexpr std::string_view kEnd = R"(",)";
  std::string text;  // a million of them may wait: not a byte for nothing
  text.reserve(kId.size() + kUuidLength + kAdded.size() + added.size() + kEnd.size() + object.size());
  text.append(kId).append(to_string(id)).append(kAdded).append(added).append(kEnd);
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
