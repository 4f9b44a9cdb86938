#include "modules/filtergraph.hpp"

#include <algorithm>

namespace sisyphus::modules {
namespace {

constexpr std::string_view kBlank = " \n\t\r";

// Reads on in the graph as libavfilter's own parser does.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size())); }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }

  // Up to one of the characters in `ends` that is neither quoted nor escaped, without the blanks around.
  std::string word(std::string_view ends) {
    std::string text;
    std::size_t kept = 0;  // blanks at the end go, unless they are quoted or escaped
    skip_blanks();
    while (!rest_.empty() && ends.find(rest_.front()) == std::string_view::npos) {
      if (take('\\')) {
        if (rest_.empty()) break;
        text += next();
        kept = text.size();
      } else if (take('\'')) {
        while (!rest_.empty() && rest_.front() != '\'') text += next();
        take('\'');
        kept = text.size();
      } else {
        text += next();
        if (kBlank.find(text.back()) == std::string_view::npos) kept = text.size();
      }
    }
    text.resize(kept);
    return text;
  }

  // "[in] [other]"; false when one of them has no end.
  bool labels() {
    skip_blanks();
    while (take('[')) {
      word("]");
      if (!take(']')) return false;
      skip_blanks();
    }
    return true;
  }

 private:
  char next() {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<std::string> filter_names(std::string_view graph) {
  std::vector<std::string> names;
  Reader reader(graph);
  reader.skip_blanks();
  if (reader.take("sws_flags=")) {
    reader.word(";");
    if (!reader.take(';')) return names;
  }
  do {
    if (!reader.labels()) return names;
    const std::string name = reader.word("=,;[");
    if (name.empty()) return names;
    names.push_back(name.substr(0, name.find('@')));  // the rest names this one of several
    if (reader.take('=')) reader.word("[],;");
    if (!reader.labels()) return names;
  } while (reader.take(',') || reader.take(';'));
  return names;
}

}  // namespace sisyphus::modules
