#include "queue/record_bytes.hpp"

#include <boost/endian/conversion.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace sisyphus::queue {
namespace {

// Which of a job's facts are written: those that are not what most jobs have.
enum Fact : unsigned char {
  kPriority = 1,
  kMaxAttempts = 2,
  kNotBefore = 4,
  kKey = 8,
  kLabels = 16,
  kResources = 32,
  kAllFacts = 63,
};

constexpr char kUuid = 0;  // stands where a name's length plus one would: sixteen bytes follow

std::int64_t millis(WallTime time) {
  return time.time_since_epoch().count();
}

// Whether the id comes back as it is when it is written as sixteen bytes.
std::optional<Uuid> plain_uuid(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'F'; };
  if (text.size() != 36 || std::any_of(text.begin(), text.end(), upper)) return std::nullopt;
  return parse_uuid(text);
}

}  // namespace

// ---- writing
// --------------------------------------------------------------------------------------------------

void MemberWriter::operator()(std::uint64_t value) {
  while (value >= 0x80) {
    out_ += static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  out_ += static_cast<char>(value);
}

void MemberWriter::operator()(const std::string& value) {
  (*this)(std::uint64_t{value.size()});
  out_ += value;
}

void MemberWriter::operator()(const LeaseToken& token) {
  (*this)(token.epoch);
  (*this)(token.counter);
}

void MemberWriter::worker(const std::string& id) {
  if (const auto uuid = plain_uuid(id)) {
    out_ += kUuid;
    (*this)(*uuid);
  } else {
    (*this)(std::uint64_t{id.size() + 1});
    out_ += id;
  }
}

void MemberWriter::number(double value) {
  char bytes[sizeof value];
  boost::endian::endian_store<std::uint64_t, sizeof value, boost::endian::order::little>(
      reinterpret_cast<unsigned char*>(bytes), std::bit_cast<std::uint64_t>(value));
  out_.append(bytes, sizeof bytes);
}

void MemberWriter::operator()(const JobFacts& facts) {
  int present = 0;
  if (facts.priority != 0) present |= kPriority;
  if (facts.max_attempts != kUsualAttempts) present |= kMaxAttempts;
  if (facts.not_before) present |= kNotBefore;
  if (!facts.idempotency_key.empty()) present |= kKey;
  if (!facts.needs.labels.empty()) present |= kLabels;
  if (!facts.needs.resources.empty()) present |= kResources;
  out_ += static_cast<char>(present);
  const auto strings = [this](const std::vector<std::string>& list) {
    (*this)(std::uint64_t{list.size()});
    for (const std::string& one : list) (*this)(one);
  };
  strings(facts.needs.modules);
  if ((present & kPriority) != 0) out_ += static_cast<char>(facts.priority - kMinPriority);
  if ((present & kMaxAttempts) != 0) (*this)(static_cast<std::uint64_t>(facts.max_attempts));
  if ((present & kNotBefore) != 0) (*this)(millis(*facts.not_before));
  if ((present & kKey) != 0) (*this)(facts.idempotency_key);
  if ((present & kLabels) != 0) strings(facts.needs.labels);
  if ((present & kResources) != 0) {
    (*this)(std::uint64_t{facts.needs.resources.size()});
    for (const auto& [name, amount] : facts.needs.resources) {
      (*this)(name);
      number(amount);
    }
  }
}

void MemberWriter::operator()(const std::vector<Attempt>& attempts) {
  (*this)(std::uint64_t{attempts.size()});
  for (const Attempt& attempt : attempts) {
    (*this)(static_cast<std::uint64_t>(attempt.number));
    out_ += static_cast<char>(attempt.end);
    worker(attempt.worker_id);
    (*this)(attempt.reason);
    (*this)(millis(attempt.started_at));
    (*this)(attempt.ended_at.has_value());
    if (attempt.ended_at) (*this)(millis(*attempt.ended_at));
  }
}

void MemberWriter::operator()(const std::vector<Avoided>& workers) {
  (*this)(std::uint64_t{workers.size()});
  for (const Avoided& one : workers) {
    worker(one.worker_id);
    (*this)(one.since);
    (*this)(one.span);
  }
}

void MemberWriter::operator()(const HistoryPlace& place) {
  (*this)(place.segment);
  if (!place) return;
  (*this)(place.offset);
  (*this)(place.size);
}

// ---- reading
// --------------------------------------------------------------------------------------------------

char MemberReader::take() {
  if (in_.empty()) {
    good = false;
    return 0;
  }
  const char byte = in_.front();
  in_.remove_prefix(1);
  return byte;
}

std::string_view MemberReader::take(std::uint64_t size) {
  if (!good || size > in_.size()) {
    good = false;
    return {};
  }
  const std::string_view bytes = in_.substr(0, size);
  in_.remove_prefix(size);
  return bytes;
}

std::size_t MemberReader::count() {
  std::uint64_t value = 0;
  (*this)(value);
  check(value <= in_.size());
  return good ? value : 0;
}

void MemberReader::operator()(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take());
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte >= 0x80) continue;
    const bool longer_than_needed = byte == 0 && shift != 0;
    check(!longer_than_needed && (shift < 63 || byte == 1));
    return;
  }
  good = false;
}

void MemberReader::operator()(std::uint32_t& value) {
  std::uint64_t wide = 0;
  (*this)(wide);
  value = static_cast<std::uint32_t>(wide);
  check(wide == value);
}

void MemberReader::operator()(std::int64_t& value) {
  std::uint64_t bits = 0;
  (*this)(bits);
  value = static_cast<std::int64_t>(bits);
}

void MemberReader::operator()(bool& value) {
  const char byte = take();
  value = byte != 0;
  check(byte == 0 || byte == 1);
}

void MemberReader::operator()(JobState& value) {
  value = static_cast<JobState>(take());
  check(value <= JobState::cancelled);
}

void MemberReader::operator()(std::string& value) {
  std::uint64_t size = 0;
  (*this)(size);
  value = take(size);
}

void MemberReader::operator()(JobId& id) {
  const std::string_view bytes = take(JobId::static_size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
}

void MemberReader::operator()(LeaseToken& token) {
  (*this)(token.epoch);
  (*this)(token.counter);
}

void MemberReader::worker(std::string& id) {
  std::uint64_t size = 0;
  (*this)(size);
  if (size == kUuid) {
    Uuid uuid{};
    (*this)(uuid);
    id = to_string(uuid);
  } else {
    id = take(size - 1);
    check(!plain_uuid(id));
  }
}

void MemberReader::number(double& value) {
  const std::string_view bytes = take(sizeof value);
  if (!good) return;
  value = std::bit_cast<double>(
      boost::endian::endian_load<std::uint64_t, sizeof value, boost::endian::order::little>(
          reinterpret_cast<const unsigned char*>(bytes.data())));
  check(std::isfinite(value) && value > 0);
}

void MemberReader::resources(std::map<std::string, double>& resources) {
  const std::size_t size = count();
  check(size != 0);
  for (std::size_t i = 0; i < size && good; ++i) {
    std::string name;
    double amount = 0;
    (*this)(name);
    number(amount);
    check(resources.empty() || name > resources.rbegin()->first);
    if (good) resources.emplace_hint(resources.end(), std::move(name), amount);
  }
}

void MemberReader::operator()(JobFacts& facts) {
  const auto present = static_cast<unsigned char>(take());
  check(present <= kAllFacts);
  const auto strings = [this](std::vector<std::string>& list) {
    const std::size_t size = count();
    for (std::size_t i = 0; i < size && good; ++i) (*this)(list.emplace_back());
  };
  strings(facts.needs.modules);
  if ((present & kPriority) != 0) {
    facts.priority = kMinPriority + static_cast<unsigned char>(take());
    check(facts.priority <= kMaxPriority && facts.priority != 0);
  }
  if ((present & kMaxAttempts) != 0) {
    std::uint64_t most = 0;
    (*this)(most);
    check(most >= 1 && most <= kMostAttempts && most != kUsualAttempts);
    facts.max_attempts = static_cast<int>(most);
  }
  if ((present & kNotBefore) != 0) {
    std::int64_t time = 0;
    (*this)(time);
    facts.not_before = WallTime(Millis(time));
  }
  if ((present & kKey) != 0) {
    (*this)(facts.idempotency_key);
    check(!facts.idempotency_key.empty());
  }
  if ((present & kLabels) != 0) {
    strings(facts.needs.labels);
    check(!facts.needs.labels.empty());
  }
  if ((present & kResources) != 0) resources(facts.needs.resources);
}

void MemberReader::operator()(std::vector<Attempt>& attempts) {
  const std::size_t size = count();
  for (std::size_t i = 0; i < size && good; ++i) {
    Attempt& attempt = attempts.emplace_back();
    std::uint64_t number = 0;
    (*this)(number);
    check(number <= kMostAttempts);
    attempt.number = static_cast<int>(number);
    attempt.end = static_cast<Attempt::End>(static_cast<unsigned char>(take()));
    check(attempt.end <= Attempt::End::handed_back);
    worker(attempt.worker_id);
    (*this)(attempt.reason);
    std::int64_t time = 0;
    (*this)(time);
    attempt.started_at = WallTime(Millis(time));
    bool ended = false;
    (*this)(ended);
    if (!ended) continue;
    (*this)(time);
    attempt.ended_at = WallTime(Millis(time));
  }
}

void MemberReader::operator()(std::vector<Avoided>& workers) {
  const std::size_t size = count();
  for (std::size_t i = 0; i < size && good; ++i) {
    Avoided& one = workers.emplace_back();
    worker(one.worker_id);
    (*this)(one.since);
    (*this)(one.span);
    check(one.span >= 0);
  }
}

void MemberReader::operator()(HistoryPlace& place) {
  (*this)(place.segment);
  if (!place) return;
  (*this)(place.offset);
  (*this)(place.size);
}

}  // namespace sisyphus::queue
