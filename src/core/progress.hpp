#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace sisyphus {

// How far one task is: whatever its tool tells, the rest empty.
struct Progress {
  std::optional<double> percent;      // 0..100
  std::optional<std::int64_t> frame;  // frames written so far
  std::optional<std::int64_t> total_frames;
  std::optional<double> fps;                // frames a second
  std::optional<double> speed;              // media seconds a second of wall time
  std::optional<double> bitrate_kbps;       // kbit/s
  std::optional<std::int64_t> size_bytes;   // of the output
  std::optional<std::int64_t> total_bytes;  // that it will have, or that are to be copied
  std::optional<double> elapsed_s;          // media time written, seconds
  std::optional<double> eta_s;              // seconds of wall time to the end
  std::string phase;                        // "scanning", "encoding", …; empty where the tool has but one

  bool operator==(const Progress&) const = default;
};

// The wire's form: members named as above, empty ones left out.
boost::json::object to_json(const Progress& progress);
Progress progress_from_json(
    const boost::json::object& object);  // unknown members and wrong kinds are passed over

}  // namespace sisyphus
