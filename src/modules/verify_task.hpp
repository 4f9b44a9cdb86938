#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sisyphus::modules {

// The data of a verify task, read.
struct VerifyTask {
  struct Streams {
    std::string type;
    std::string codec;                  // empty: any
    std::string language;               // empty: any
    std::optional<std::int64_t> count;  // none: at least one
  };
  // A measure of the pictures' likeness that needs a run.
  struct Floor {
    std::string name;  // ssim, psnr, vmaf; the key in data and in the results
    double least;
  };
  std::string file;                   // absolute
  std::string source;                 // absolute; empty: none
  boost::json::object cut;            // ss, to, t as ffmpeg's options for the source
  std::optional<double> tolerance_s;  // none: durations are not compared
  std::vector<Streams> streams;
  std::optional<double> smaller_than;
  bool full = false;
  std::vector<Floor> floors;

  bool needs_run() const { return full || !floors.empty(); }
};

// `data` must pass the schema.
VerifyTask read_verify_task(const boost::json::object& data, const std::string& working_directory);

}  // namespace sisyphus::modules
