#pragma once

#include "core/ids.hpp"
#include "core/job.hpp"
#include "queue/avoidance.hpp"
#include "queue/history_place.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// How the members of records are written and read: one visitor for each direction. Integers are LEB128,
// strings length and bytes. Every value has one spelling, so what is read is what would be written.
namespace sisyphus::queue {

class MemberWriter {
 public:
  explicit MemberWriter(std::string& out) : out_(out) {}

  void operator()(std::uint64_t value);
  void operator()(std::uint32_t value) { (*this)(std::uint64_t{value}); }
  void operator()(std::int64_t value) { (*this)(static_cast<std::uint64_t>(value)); }
  void operator()(bool value) { out_ += static_cast<char>(value); }
  void operator()(JobState value) { out_ += static_cast<char>(value); }
  void operator()(const std::string& value);
  void operator()(const JobId& id) { out_.append(id.begin(), id.end()); }
  void operator()(const LeaseToken& token);
  void operator()(const JobFacts& facts);
  void operator()(const std::vector<Attempt>& attempts);
  void operator()(const std::vector<Avoided>& workers);
  void operator()(const HistoryPlace& place);  // none takes one byte
  void worker(const std::string& id);          // most are UUIDs: 17 bytes instead of 37

 private:
  void number(double value);

  std::string& out_;
};

// Reads what MemberWriter wrote. After the first thing that is not there, `good` is false and stays so.
class MemberReader {
 public:
  explicit MemberReader(std::string_view& in) : in_(in) {}
  bool good = true;

  void operator()(std::uint64_t& value);
  void operator()(std::uint32_t& value);
  void operator()(std::int64_t& value);
  void operator()(bool& value);
  void operator()(JobState& value);
  void operator()(std::string& value);
  void operator()(JobId& id);
  void operator()(LeaseToken& token);
  void operator()(JobFacts& facts);
  void operator()(std::vector<Attempt>& attempts);
  void operator()(std::vector<Avoided>& workers);
  void operator()(HistoryPlace& place);
  void worker(std::string& id);

 private:
  char take();
  std::string_view take(std::uint64_t size);
  std::size_t count();  // of things that take a byte each at least
  void number(double& value);
  void resources(std::map<std::string, double>& resources);
  void check(bool condition) { good = good && condition; }

  std::string_view& in_;
};

}  // namespace sisyphus::queue
