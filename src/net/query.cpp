#include "net/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sisyphus::net {
namespace {

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<JobId> job_id_param(const HttpRequest& request) {
  const auto id = parse_uuid(request.param(0));
  if (!id) return not_found(fmt::format("there is no job {}", request.param(0)));
  return *id;
}

Result<std::size_t> count_parameter(const HttpRequest& request, std::string_view name, std::size_t least,
                                    std::size_t most, std::size_t otherwise) {
  const std::string* const text = request.parameter(name);
  if (text == nullptr) return otherwise;
  std::size_t count = 0;
  if (!read_number(*text, count) || count < least || count > most) {
    return invalid(
        fmt::format("{} must be a whole number from {} to {}, found \"{}\"", name, least, most, *text));
  }
  return count;
}

Result<double> seconds_parameter(const HttpRequest& request, std::string_view name, double most) {
  const std::string* const text = request.parameter(name);
  if (text == nullptr) return 0.0;
  double seconds = 0;
  if (!read_number(*text, seconds) || !(seconds >= 0) || seconds > most) {
    return invalid(
        fmt::format("{} must be a number of seconds from 0 to {}, found \"{}\"", name, most, *text));
  }
  return seconds;
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> items;
  items.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), ',')) + 1);
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    if (const auto item = text.substr(0, comma); !item.empty()) items.emplace_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

Result<std::map<std::string, double>> resources_of(std::string_view text) {
  std::map<std::string, double> resources;
  for (const std::string& item : comma_list(text)) {
    const std::size_t equals = item.find('=');
    double amount = 0;
    if (equals == std::string::npos || equals == 0 ||
        !read_number(std::string_view(item).substr(equals + 1), amount) || !(amount >= 0)) {
      return invalid(fmt::format("a resource is written name=amount, found \"{}\"", item));
    }
    resources[item.substr(0, equals)] = amount;
  }
  return resources;
}

}  // namespace sisyphus::net
