#include "modules/problems.hpp"

#include <algorithm>

namespace sisyphus::modules {
namespace {

// 0 for the whole document, 1 and up for its keys in order; a key that is not there comes last.
std::size_t position(const Problem& problem, const boost::json::object& data) {
  if (problem.pointer.empty()) return 0;
  const std::string key = problem.pointer.substr(1, problem.pointer.find('/', 1) - 1);
  return static_cast<std::size_t>(data.find(key) - data.begin()) + 1;
}

}  // namespace

void in_document_order(std::vector<Problem>& problems, const boost::json::object& data) {
  std::stable_sort(problems.begin(), problems.end(), [&](const Problem& left, const Problem& right) {
    return position(left, data) < position(right, data);
  });
}

bool has_document_problem(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return problem.kind == Problem::Kind::document; });
}

}  // namespace sisyphus::modules
