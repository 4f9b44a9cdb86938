#include "modules/schema_loops.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <map>
#include <string_view>
#include <system_error>
#include <vector>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;

class LoopFinder {
 public:
  explicit LoopFinder(const json::value& root) : root_(root) {}

  // In `part` and in all that it holds.
  bool find_within(const json::value& part) {
    if (loops(part)) return true;
    if (const json::array* const list = part.if_array()) {
      for (const json::value& item : *list) {
        if (find_within(item)) return true;
      }
    } else if (const json::object* const object = part.if_object()) {
      for (const auto& member : *object) {
        if (find_within(member.value())) return true;
      }
    }
    return false;
  }

 private:
  enum class Visit { under_way, done };

  bool loops(const json::value& part) {
    const auto [visit, is_new] = visits_.emplace(&part, Visit::under_way);
    if (!is_new) return visit->second == Visit::under_way;
    for (const json::value* const next : same_data(part)) {
      if (loops(*next)) return true;
    }
    visits_[&part] = Visit::done;
    return false;
  }

  // The parts that look at the same data as `part` does.
  std::vector<const json::value*> same_data(const json::value& part) const {
    std::vector<const json::value*> parts;
    const json::object* const object = part.if_object();
    if (object == nullptr) return parts;
    if (const json::value* const reference = object->if_contains("$ref");
        reference && reference->is_string()) {
      std::error_code elsewhere;  // in another document, or nowhere: the validator's parser says so
      const std::string_view text = reference->get_string();
      const json::value* const target =
          text.starts_with('#') ? root_.find_pointer(text.substr(1), elsewhere) : nullptr;
      if (target != nullptr) parts.push_back(target);
      return parts;  // what stands beside it does not count
    }
    for (const char* const keyword : {"not", "if", "then", "else"}) {
      if (const json::value* const one = object->if_contains(keyword)) parts.push_back(one);
    }
    for (const char* const keyword : {"allOf", "anyOf", "oneOf"}) {
      const json::value* const several = object->if_contains(keyword);
      if (several == nullptr || !several->is_array()) continue;
      for (const json::value& one : several->get_array()) parts.push_back(&one);
    }
    if (const json::value* const several = object->if_contains("dependencies");
        several && several->is_object()) {
      for (const auto& one : several->get_object()) parts.push_back(&one.value());
    }
    return parts;
  }

  const json::value& root_;
  std::map<const json::value*, Visit> visits_;
};

}  // namespace

bool has_endless_reference(const json::value& schema) {
  return LoopFinder(schema).find_within(schema);
}

}  // namespace sisyphus::modules
