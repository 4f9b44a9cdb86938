#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sisyphus::net {

// The target of a request, decoded (RFC 9112, 3.2; RFC 3986, 3.3 and 3.4). What is no path has no segments.
struct Target {
  std::string text;                                        // as it came
  std::vector<std::string> segments;                       // "/jobs/1" is {"jobs", "1"}
  std::vector<std::pair<std::string, std::string>> query;  // in order

  // The value of a query parameter; null when it is not there.
  const std::string* parameter(std::string_view name) const;
};

void read_target(std::string_view text, Target& target);  // whose memory is used again

// The last targets of one connection: a client that stays asks for the same ones again and again, and those
// that are the same but for an id are of one length.
class RecentTargets {
 public:
  const Target& read(std::string_view text);  // it stays until the next call

 private:
  std::array<std::unique_ptr<Target>, 8> recent_;  // by length
};

}  // namespace sisyphus::net
