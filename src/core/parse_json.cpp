#include "core/parse_json.hpp"

#include "core/job_document.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace sisyphus {
namespace {

namespace json = boost::json;

// Builds the tree as Boost's own parser does, but reads the text of each real number once more.
class ExactHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Code = json::error_code;

  json::value_stack stack;
  std::string bad_number;  // set when parsing stopped because of it

  bool on_document_begin(Code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t count, Code&) {
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t count, Code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, Code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Code&) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, Code&) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Code&) {
    stack.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, Code&) {
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double, json::string_view text, Code& code) {
    // The document comes in one piece, so `text` is the whole number. An integer that arrives here is too
    // large.
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} && is_small(text, failure)) {
      number = text.front() == '-' ? -0.0 : 0.0;
    } else if (failure != std::errc{} || text.find_first_of(".eE") == json::string_view::npos) {
      bad_number.assign(text.data(), text.size());
      code = json::error::incomplete;  // any code stops the parser; `bad_number` is what is reported
      return false;
    }
    stack.push_double(number);
    return true;
  }
  bool on_bool(bool truth, Code&) {
    stack.push_bool(truth);
    return true;
  }
  bool on_null(Code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

 private:
  // from_chars says "out of range" of 1e-999 as of 1e999; the first is zero.
  static bool is_small(json::string_view text, std::errc failure) {
    const auto exponent = text.find_first_of("eE");
    return failure == std::errc::result_out_of_range && exponent != json::string_view::npos &&
           exponent + 1 < text.size() && text[exponent + 1] == '-';
  }
};

}  // namespace

std::string place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  // npos + 1 is 0: the first line.
  const std::string_view same_line = before.substr(before.rfind('\n') + 1);
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  const auto column = 1 + std::count_if(same_line.begin(), same_line.end(), is_start);
  return fmt::format("line {}, column {}", line, column);
}

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<ExactHandler> parser(options);
  json::error_code code;
  const std::size_t length = parser.write_some(false, text.data(), text.size(), code);
  if (!parser.handler().bad_number.empty()) {
    return invalid(fmt::format("the number {} fits neither a 64-bit integer nor a finite double",
                               parser.handler().bad_number));
  }
  if (code) return invalid(fmt::format("not valid JSON: {} at {}", code.message(), place_in(text, length)));
  if (text.find_first_not_of(" \t\r\n", length) != std::string_view::npos) {
    return invalid(fmt::format("not valid JSON: there is more after the end, at {}", place_in(text, length)));
  }
  return parser.handler().stack.release();
}

}  // namespace sisyphus
