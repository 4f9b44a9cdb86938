#include "modules/media_time.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace sisyphus::modules {
namespace {

std::optional<double> unsigned_seconds(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    double unit = 1;
    if (text.ends_with("ms")) {
      unit = 1e-3;
      text.remove_suffix(2);
    } else if (text.ends_with("us")) {
      unit = 1e-6;
      text.remove_suffix(2);
    } else if (text.ends_with('s')) {
      text.remove_suffix(1);
    }
    const auto number = decimal(text);
    if (!number || *number < 0) return std::nullopt;
    return *number * unit;
  }
  double seconds = 0;
  int parts = 0;
  while (true) {
    const std::size_t colon = text.find(':');
    const auto number = decimal(text.substr(0, colon));
    if (!number || *number < 0 || ++parts > 3) return std::nullopt;
    seconds = seconds * 60 + *number;
    if (colon == std::string_view::npos) return seconds;
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

std::optional<double> decimal(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<double> media_seconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto seconds = unsigned_seconds(text);
  if (!seconds) return std::nullopt;
  return negative ? -*seconds : *seconds;
}

std::optional<double> option_seconds(const boost::json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (value.is_string()) return media_seconds(std::string_view(value.get_string()));
  return std::nullopt;
}

std::optional<double> media_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto over = decimal(text.substr(0, slash));
  const auto under = slash == std::string_view::npos ? std::optional(1.0) : decimal(text.substr(slash + 1));
  if (!over || !under || *over <= 0 || *under <= 0) return std::nullopt;
  return *over / *under;
}

}  // namespace sisyphus::modules
