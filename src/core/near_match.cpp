#include "core/near_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace sisyphus {
namespace {

constexpr std::size_t kMost = 3;
constexpr std::size_t kMostSlips = 2;
constexpr std::size_t kShortestPart = 3;  // of a word that is looked for within names
constexpr std::size_t kLongest = 64;      // what is longer is no slip, and comparing it takes its time

// Without what people mix up.
std::string bare(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (c == '-' || c == '_' || c == ' ') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

// How many letters are wrong, missing, too many or swapped with their neighbour.
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// Few slip twice, and in the first letter too: "remove" is not "move".
bool are_slips(std::size_t count, const std::string& word, const std::string& name) {
  if (count > std::min(kMostSlips, word.size() / 2)) return false;
  return count < 2 || word.front() == name.front();
}

}  // namespace

std::vector<std::string> near_matches(std::string_view word, const std::vector<std::string>& names) {
  const std::string wanted = bare(word);
  if (wanted.empty() || wanted.size() > kLongest) return {};
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const std::string& name : names) {
    const std::string known = bare(name);
    const std::size_t distance = slips(wanted, known);
    if (are_slips(distance, wanted, known)) {
      found.emplace_back(distance, name);
    } else if (wanted.size() >= kShortestPart && known.find(wanted) != std::string::npos) {
      found.emplace_back(kMostSlips + distance, name);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> near;
  for (const auto& [distance, name] : found) {
    // What is clearly farther off than the best only distracts.
    if (near.size() == kMost || distance > found.front().first + 1) break;
    near.push_back(name);
  }
  return near;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const auto near = near_matches(word, names);
  return near.empty() ? "" : fmt::format("; did you mean {}?", fmt::join(near, " or "));
}

}  // namespace sisyphus
