#include "net/target.hpp"

#include <boost/url/params_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/segments_view.hpp>

#include <algorithm>

namespace sisyphus::net {

const std::string* Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

Target read_target(std::string_view text) {
  Target target;
  target.text = text;
  const auto url = boost::urls::parse_origin_form(text);
  if (!url.has_value()) return target;
  target.segments.reserve(url->segments().size());
  for (const auto& segment : url->segments()) target.segments.emplace_back(segment);
  target.query.reserve(url->params().size());
  for (const auto& parameter : url->params()) {
    target.query.emplace_back(std::string(parameter.key), std::string(parameter.value));
  }
  return target;
}

std::shared_ptr<const Target> RecentTargets::read(std::string_view text) {
  const auto known = std::find_if(recent_.begin(), recent_.end(),
                                  [text](const auto& target) { return target && target->text == text; });
  const auto last = known == recent_.end() ? std::prev(recent_.end()) : known;
  if (known == recent_.end()) *last = std::make_shared<const Target>(read_target(text));
  std::rotate(recent_.begin(), last, std::next(last));
  return recent_.front();
}

}  // namespace sisyphus::net
