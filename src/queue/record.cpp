#include "queue/record.hpp"

#include <algorithm>
#include <type_traits>

namespace sisyphus::queue {
namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(std::uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>((value & 0x7F) | 0x80);
      value >>= 7;
    }
    out_ += static_cast<char>(value);
  }
  void operator()(std::uint32_t value) { (*this)(std::uint64_t{value}); }
  void operator()(std::int64_t value) { (*this)(static_cast<std::uint64_t>(value)); }
  void operator()(bool value) { out_ += static_cast<char>(value); }
  void operator()(JobState value) { out_ += static_cast<char>(value); }
  void operator()(const std::string& value) {
    (*this)(std::uint64_t{value.size()});
    out_ += value;
  }
  void operator()(const JobId& id) { out_.append(id.begin(), id.end()); }
  void operator()(const LeaseToken& token) {
    (*this)(token.epoch);
    (*this)(token.counter);
  }

 private:
  std::string& out_;
};

// Reads what Writer wrote. After the first thing that is not there, `good` is false and stays so.
class Reader {
 public:
  explicit Reader(std::string_view& in) : in_(in) {}
  bool good = true;

  void operator()(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take());
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte >= 0x80) continue;
      const bool longer_than_needed = byte == 0 && shift != 0;
      good = good && !longer_than_needed && (shift < 63 || byte == 1);
      return;
    }
    good = false;
  }
  void operator()(std::uint32_t& value) {
    std::uint64_t wide = 0;
    (*this)(wide);
    value = static_cast<std::uint32_t>(wide);
    good = good && wide == value;
  }
  void operator()(std::int64_t& value) {
    std::uint64_t bits = 0;
    (*this)(bits);
    value = static_cast<std::int64_t>(bits);
  }
  void operator()(bool& value) {
    const char byte = take();
    value = byte != 0;
    good = good && (byte == 0 || byte == 1);
  }
  void operator()(JobState& value) {
    value = static_cast<JobState>(take());
    good = good && value <= JobState::cancelled;
  }
  void operator()(std::string& value) {
    std::uint64_t size = 0;
    (*this)(size);
    if (!good || size > in_.size()) {
      good = false;
      return;
    }
    value.assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }
  void operator()(JobId& id) {
    if (in_.size() < JobId::static_size()) {
      good = false;
      return;
    }
    std::copy_n(in_.begin(), JobId::static_size(), id.begin());
    in_.remove_prefix(JobId::static_size());
  }
  void operator()(LeaseToken& token) {
    (*this)(token.epoch);
    (*this)(token.counter);
  }

 private:
  char take() {
    if (in_.empty()) {
      good = false;
      return 0;
    }
    const char byte = in_.front();
    in_.remove_prefix(1);
    return byte;
  }

  std::string_view& in_;
};

// Visits the members of a record in the order in which they are stored. One description for both directions.
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Started>
void members(R& r, V& visit) {
  visit(r.epoch);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Submitted>
void members(R& r, V& visit) {
  visit(r.order), visit(r.id), visit(r.document);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Granted>
void members(R& r, V& visit) {
  visit(r.order), visit(r.token), visit(r.attempt), visit(r.anonymous), visit(r.at), visit(r.worker_id);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Finished>
void members(R& r, V& visit) {
  visit(r.order), visit(r.state), visit(r.unconfirmed), visit(r.forget_token), visit(r.at), visit(r.message),
      visit(r.info);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Requeued>
void members(R& r, V& visit) {
  visit(r.order), visit(r.counted), visit(r.held), visit(r.forget_token), visit(r.not_before),
      visit(r.reason), visit(r.at);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Held>
void members(R& r, V& visit) {
  visit(r.order), visit(r.held);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Cleared>
void members(R&, V&) {}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, QueueAttributes>
void members(R& r, V& visit) {
  visit(r.disabled);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, WorkerAttributes>
void members(R& r, V& visit) {
  visit(r.worker_id), visit(r.disabled);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, DocumentStored>
void members(R& r, V& visit) {
  visit(r.module), visit(r.name), visit(r.document);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, DocumentErased>
void members(R& r, V& visit) {
  visit(r.module), visit(r.name);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Bound>
void members(R& r, V& visit) {
  visit(r.order), visit(r.worker_id);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Prioritized>
void members(R& r, V& visit) {
  visit(r.order), visit(r.priority);
}
template <class R, class V>
requires(std::is_same_v<std::remove_const_t<R>, CancelRequested> ||
         std::is_same_v<std::remove_const_t<R>, Removed> || std::is_same_v<std::remove_const_t<R>, Retried> ||
         std::is_same_v<std::remove_const_t<R>, MarkedIrreversible>) void members(R& r, V& visit) {
  visit(r.order);
}

template <std::size_t I = 0>
Record make(std::size_t index) {
  if constexpr (I + 1 < std::variant_size_v<Record>) {
    if (index != I) return make<I + 1>(index);
  }
  return Record(std::in_place_index<I>);
}

}  // namespace

void encode(const Record& record, std::string& out) {
  out += static_cast<char>(record.index() + 1);
  Writer writer(out);
  std::visit([&](const auto& r) { members(r, writer); }, record);
}

Result<Record> decode(std::string_view& bytes) {
  const std::size_t type = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
  if (type == 0 || type > std::variant_size_v<Record>)
    return invalid("unknown record type " + std::to_string(type));
  bytes.remove_prefix(1);
  Record record = make(type - 1);
  Reader reader(bytes);
  std::visit([&](auto& r) { members(r, reader); }, record);
  if (!reader.good) return invalid("a record of type " + std::to_string(type) + " is cut or malformed");
  return record;
}

}  // namespace sisyphus::queue
