#include "core/progress.hpp"

#include <boost/json/value_to.hpp>

#include <cmath>

namespace sisyphus {
namespace {

namespace json = boost::json;

// Calls `visit(name, member)` for each member of a Progress that is a number.
template <class P, class Visit>
void for_each_number(P& p, Visit&& visit) {
  visit("percent", p.percent);
  visit("frame", p.frame);
  visit("total_frames", p.total_frames);
  visit("fps", p.fps);
  visit("speed", p.speed);
  visit("bitrate_kbps", p.bitrate_kbps);
  visit("size_bytes", p.size_bytes);
  visit("total_bytes", p.total_bytes);
  visit("elapsed_s", p.elapsed_s);
  visit("eta_s", p.eta_s);
}

void read_number(const json::value& from, std::optional<double>& to) {
  if (from.is_number()) to = from.to_number<double>();
}

void read_number(const json::value& from, std::optional<std::int64_t>& to) {
  if (from.is_int64()) to = from.get_int64();
}

}  // namespace

json::object to_json(const Progress& progress) {
  json::object object;
  for_each_number(progress, [&](const char* name, const auto& member) {
    if (member && std::isfinite(static_cast<double>(*member))) object[name] = *member;
  });
  if (!progress.phase.empty()) object["phase"] = progress.phase;
  return object;
}

Progress progress_from_json(const json::object& object) {
  Progress progress;
  for_each_number(progress, [&](const char* name, auto& member) {
    if (const json::value* value = object.if_contains(name)) read_number(*value, member);
  });
  if (const json::value* phase = object.if_contains("phase"); phase && phase->is_string()) {
    progress.phase = std::string(phase->get_string());
  }
  return progress;
}

}  // namespace sisyphus
