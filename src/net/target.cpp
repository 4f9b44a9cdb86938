#include "net/target.hpp"

#include <boost/url/params_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/segments_view.hpp>

namespace sisyphus::net {

const std::string* Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

void read_target(std::string_view text, Target& target) {
  namespace urls = boost::urls;
  target.text = text;
  target.query.clear();
  const auto url = urls::parse_origin_form(text);
  const bool plain = text.find('%') == std::string_view::npos;  // as most are: nothing to decode
  const std::size_t count = url.has_value() ? url->encoded_segments().size() : 0;
  target.segments.resize(count);
  if (count != 0) {
    auto into = target.segments.begin();
    for (const auto& segment : url->encoded_segments()) {
      if (plain) {
        (into++)->assign(segment.data(), segment.size());
      } else {
        segment.decode({}, urls::string_token::assign_to(*into++));
      }
    }
  }
  if (!url.has_value() || !url->has_query()) return;
  target.query.reserve(url->params().size());
  for (const auto& parameter : url->params()) {
    target.query.emplace_back(std::string(parameter.key), std::string(parameter.value));
  }
}

const Target& RecentTargets::read(std::string_view text) {
  std::unique_ptr<Target>& target = recent_[text.size() % recent_.size()];
  if (!target) target = std::make_unique<Target>();
  if (target->text != text) read_target(text, *target);
  return *target;
}

}  // namespace sisyphus::net
