#include "modules/mkv_progress.hpp"

#include "core/utf8.hpp"

#include <charconv>

namespace sisyphus::modules {
namespace {

constexpr std::size_t kMostRemarks = 50;  // a broken file makes thousands
constexpr std::size_t kLongest = 2000;    // bytes

void keep(std::vector<std::string>& remarks, std::string_view text) {
  if (remarks.size() < kMostRemarks) remarks.push_back(to_valid_utf8(text.substr(0, kLongest)));
}

// The text after `start`, without the spaces around it.
std::optional<std::string_view> after(std::string_view text, std::string_view start) {
  if (!text.starts_with(start)) return std::nullopt;
  text.remove_prefix(start.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<Progress> MkvProgressReader::line(std::string_view text) {
  // The options are read before --gui-mode is known: what is wrong with them comes in plain words.
  for (const std::string_view start : {"#GUI#warning", "Warning:"}) {
    if (const auto warning = after(text, start)) keep(remarks_.warnings, *warning);
  }
  for (const std::string_view start : {"#GUI#error", "Error:"}) {
    if (const auto error = after(text, start)) keep(remarks_.errors, *error);
  }
  const auto share = after(text, "#GUI#progress");
  if (!share) return std::nullopt;
  int percent = 0;
  const auto [end, code] = std::from_chars(share->data(), share->data() + share->size(), percent);
  if (code != std::errc{} || percent < 0 || percent > 100 || percent <= percent_) return std::nullopt;
  if (std::string_view(end, share->data() + share->size()) != "%") return std::nullopt;
  percent_ = percent;
  Progress progress;
  progress.percent = percent_;
  return progress;
}

}  // namespace sisyphus::modules
