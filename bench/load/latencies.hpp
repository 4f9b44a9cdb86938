#pragma once

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace sisyphus::bench {

// The times that one kind of request took, all of them kept: a phase is bounded.
class Latencies {
 public:
  void add(std::chrono::nanoseconds time) {
    microseconds_.push_back(
        static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count()));
  }
  std::size_t count() const { return microseconds_.size(); }
  boost::json::object summary();  // count, p50_us, p95_us, p99_us, max_us

 private:
  std::vector<std::uint32_t> microseconds_;
};

}  // namespace sisyphus::bench
