#include "load/latencies.hpp"

#include <algorithm>

namespace sisyphus::bench {

boost::json::object Latencies::summary() {
  boost::json::object summary{{"count", microseconds_.size()}};
  if (microseconds_.empty()) return summary;
  std::sort(microseconds_.begin(), microseconds_.end());
  const auto at = [this](std::size_t per_mille) {
    return microseconds_[std::min(microseconds_.size() - 1, microseconds_.size() * per_mille / 1000)];
  };
  summary["p50_us"] = at(500);
  summary["p95_us"] = at(950);
  summary["p99_us"] = at(990);
  summary["max_us"] = microseconds_.back();
  return summary;
}

}  // namespace sisyphus::bench
