#include "net/sse_parser.hpp"

#include <utility>

namespace sisyphus::net {

Result<std::vector<ServerEvent>> SseParser::feed(std::string_view bytes) {
  std::vector<ServerEvent> events;
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (line_.size() + data_.size() > kMaxEventBytes) {
      return Error{Errc::too_large, "an event of the stream is larger than 16 MiB", {}};
    }
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    take_line(events);
    line_.clear();
  }
  return events;
}

void SseParser::take_line(std::vector<ServerEvent>& events) {
  std::string_view line = line_;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) return dispatch(events);

  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);

  if (field == "data") {
    data_.append(value).push_back('\n');
  } else if (field == "event") {
    type_ = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    last_event_id_ = value;
  }
}

void SseParser::dispatch(std::vector<ServerEvent>& events) {
  std::string type = std::exchange(type_, {});
  if (data_.empty()) return;  // a comment or an id alone is no event
  data_.pop_back();
  if (type.empty()) type = "message";
  events.push_back({last_event_id_, std::move(type), std::exchange(data_, {})});
}

}  // namespace sisyphus::net
