#include "queue/manifest.hpp"

#include "queue/journal_files.hpp"
#include "queue/journal_format.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sisyphus::queue {

namespace json = boost::json;

namespace {

// Ends the line: the checksum of what stands before.
std::string seal(std::string_view text) {
  return fmt::format(",\"crc32c\":\"{:08x}\"}}\n", crc32c(text));
}

bool is_sealed(std::string_view text) {
  const std::size_t size = seal("").size();
  return text.size() > size && text.substr(text.size() - size) == seal(text.substr(0, text.size() - size));
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
  std::string text = fmt::format(R"({{"format":{},"store_id":"{}","first_segment":{})", kFormatVersion,
                                 to_string(manifest.store_id), manifest.first_segment);
  return text + seal(text);
}

Result<Manifest> decode_manifest(std::string_view text) {
  json::error_code code;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), code);
  const json::object* const object = code ? nullptr : value.if_object();
  const json::value* const format = object ? object->if_contains("format") : nullptr;
  const json::value* const id = object ? object->if_contains("store_id") : nullptr;
  const json::value* const first = object ? object->if_contains("first_segment") : nullptr;
  if (is_sealed(text) && format && format->is_int64() && format->get_int64() != kFormatVersion) {
    return Error{Errc::conflict,
                 fmt::format("journal format {} is not known here (this version reads {}): go on with the "
                             "sisyphus that wrote it, or take another folder",
                             format->get_int64(), kFormatVersion),
                 {}};
  }
  const auto store = id && id->is_string() ? parse_uuid(std::string_view(id->get_string())) : std::nullopt;
  if (!store || !first || !first->is_int64() || first->get_int64() < 1) {
    return invalid("it names no store and first segment");
  }
  const Manifest manifest{*store, static_cast<std::uint64_t>(first->get_int64())};
  if (encode_manifest(manifest) != text) return invalid("its checksum does not match");
  return manifest;
}

std::string manifest_path(const std::string& directory) {
  return directory + "/manifest.json";
}

Result<std::optional<Manifest>> read_manifest(FileSystem& files, const std::string& directory) {
  auto names = files.list(directory);
  if (!names) return names.error();
  if (!std::binary_search(names->begin(), names->end(), "manifest.json")) {
    if (std::none_of(names->begin(), names->end(), is_segment_name)) return std::optional<Manifest>();
    return Error{Errc::io, fmt::format("{} has journal segments but no manifest.json", directory), {}};
  }
  auto text = files.read(manifest_path(directory));
  if (!text) return text.error();
  auto manifest = decode_manifest(*text);
  if (!manifest && manifest.error().code == Errc::conflict)
    return Error{Errc::conflict, manifest_path(directory) + ": " + manifest.error().detail, {}};
  if (!manifest) {
    return Error{Errc::io, manifest_path(directory) + " is damaged: " + manifest.error().detail, {}};
  }
  return std::optional(*manifest);
}

Result<void> write_manifest(FileSystem& files, const std::string& directory, const Manifest& manifest) {
  return write_whole_file(files, manifest_path(directory), encode_manifest(manifest));
}

}  // namespace sisyphus::queue
