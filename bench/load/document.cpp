#include "load/document.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sisyphus::bench {
namespace {
constexpr std::string_view kTitle = "Benchmark job ";
}

std::string job_document(std::uint64_t number, std::size_t size) {
  std::string text = fmt::format(
      R"({{"job_title":"{}{}","tasks":[{{"module":"ffmpeg","data":{{"sources":["in.mkv"],"source_maps":[{{"source":0}}],"output_file":"out.mkv","note":"{{}}"}}}}]}})",
      kTitle, number);
  const std::size_t hole = text.rfind("{}");
  text.replace(hole, 2, std::string(size > text.size() - 2 ? size - (text.size() - 2) : 0, 'x'));
  return text;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  const std::size_t at = text.find(kTitle);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* const begin = text.data() + at + kTitle.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc() || end == begin) return std::nullopt;
  return number;
}

}  // namespace sisyphus::bench
