#include "core/line_splitter.hpp"

#include <utility>

namespace sisyphus {

LineSplitter::LineSplitter(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}

void LineSplitter::feed(std::string_view bytes) {
  if (!on_line_) return;
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) return append(bytes);
    after_cr_ = bytes[end] == '\r';
    end_line(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish() {
  if (!partial_.empty()) end_line({});
}

void LineSplitter::append(std::string_view part) {
  partial_.append(part.substr(0, kMaxLine - partial_.size()));
}

void LineSplitter::end_line(std::string_view last_part) {
  if (partial_.empty()) return on_line_(last_part.substr(0, kMaxLine));  // the usual case: nothing is copied
  append(last_part);
  const std::string line = std::exchange(partial_, {});  // out of the way before foreign code can throw
  on_line_(line);
}

}  // namespace sisyphus
