#include "core/json_member.hpp"

namespace sisyphus {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Behind the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// Where the value of the object's own member begins; npos where it has none of that name.
std::size_t value_of(std::string_view object, std::string_view name) {
  int depth = 0;
  for (std::size_t at = 0; at < object.size(); ++at) {
    const char c = object[at];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t end = string_end(object, at);
    const std::size_t next = object.find_first_not_of(kSpace, end);
    if (depth == 1 && object[next] == ':' && object.substr(at + 1, end - at - 2) == name)
      return object.find_first_not_of(kSpace, next + 1);
    at = end - 1;
  }
  return std::string_view::npos;
}

}  // namespace

void set_member(std::string& object, std::string_view name, std::string_view value) {
  const std::size_t begin = value_of(object, name);
  if (begin != std::string::npos) {
    const std::size_t end =
        object[begin] == '"' ? string_end(object, begin) : object.find_first_of(" \t\r\n,}", begin);
    object.replace(begin, end - begin, value);
    return;
  }
  const std::size_t last = object.find_last_of('}');
  const bool empty = object.find_first_not_of(kSpace, object.find('{') + 1) == last;
  std::string member = empty ? "\"" : ",\"";
  member.append(name).append("\":").append(value);
  object.insert(last, member);
}

}  // namespace sisyphus
