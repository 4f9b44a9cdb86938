#include "queue/record.hpp"

#include "queue/record_bytes.hpp"

#include <array>
#include <type_traits>

namespace sisyphus::queue {
namespace {

constexpr std::size_t kLongestInteger = 10;    // bytes of LEB128 for 64 bits
constexpr std::size_t kLargestFixedPart = 96;  // bytes of Submitted without what is as long as it is

// Visits the members of a record in the order in which they are stored. One description for both directions.
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Started>
void members(R& r, V& visit) {
  visit(r.epoch);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Submitted>
void members(R& r, V& visit) {
  visit(r.order), visit(r.id), visit(r.facts), visit(r.document);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Granted>
void members(R& r, V& visit) {
  visit(r.order), visit(r.token), visit(r.attempt), visit(r.anonymous), visit(r.at),
      visit.worker(r.worker_id);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Finished>
void members(R& r, V& visit) {
  visit(r.order), visit(r.state), visit(r.unconfirmed), visit(r.forget_token), visit(r.at), visit(r.message),
      visit(r.text);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Requeued>
void members(R& r, V& visit) {
  visit(r.order), visit(r.counted), visit(r.held), visit(r.forget_token), visit(r.not_before),
      visit(r.reason), visit(r.at), visit(r.avoid_for);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Held>
void members(R& r, V& visit) {
  visit(r.order), visit(r.held);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Cleared>
void members(R& r, V& visit) {
  visit(r.begin), visit(r.end);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Forgotten>
void members(R&, V&) {}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, QueueAttributes>
void members(R& r, V& visit) {
  visit(r.disabled);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, WorkerAttributes>
void members(R& r, V& visit) {
  visit.worker(r.worker_id), visit(r.disabled);
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
  visit(r.order), visit.worker(r.worker_id);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Kept>
void members(R& r, V& visit) {
  visit(r.order), visit(r.state), visit(r.token), visit(r.attempt), visit(r.held), visit(r.irreversible),
      visit(r.backing_off), visit(r.given_up), visit(r.not_before), visit(r.message), visit(r.past),
      visit.worker(r.worker_id), visit(r.anonymous), visit(r.started_at), visit(r.ended_at),
      visit(r.unconfirmed), visit(r.lost), visit(r.text), visit(r.avoid);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, Numbered>
void members(R& r, V& visit) {
  visit(r.next_order);
}
template <class R, class V>
requires std::is_same_v<std::remove_const_t<R>, HistoryLost>
void members(R& r, V& visit) {
  visit(r.segment), visit(r.begin), visit(r.end);
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

const char* type_name(const Record& record) {
  static constexpr std::array<const char*, std::variant_size_v<Record>> kNames{"started",
                                                                               "submitted",
                                                                               "granted",
                                                                               "finished",
                                                                               "requeued",
                                                                               "cancel_requested",
                                                                               "removed",
                                                                               "cleared",
                                                                               "held",
                                                                               "retried",
                                                                               "marked_irreversible",
                                                                               "queue_attributes",
                                                                               "worker_attributes",
                                                                               "document_stored",
                                                                               "document_erased",
                                                                               "bound",
                                                                               "kept",
                                                                               "numbered",
                                                                               "history_lost",
                                                                               "forgotten",
                                                                               "prioritized"};
  return kNames.at(record.index());
}

void encode(const Record& record, std::string& out) {
  out += static_cast<char>(record.index() + 1);
  MemberWriter writer(out);
  std::visit([&](const auto& r) { members(r, writer); }, record);
}

std::size_t submitted_size(const JobFacts& facts, std::string_view document) {
  std::size_t bytes = kLargestFixedPart + document.size() + facts.idempotency_key.size();
  for (const std::string& module : facts.needs.modules) bytes += kLongestInteger + module.size();
  for (const std::string& label : facts.needs.labels) bytes += kLongestInteger + label.size();
  for (const auto& [name, amount] : facts.needs.resources)
    bytes += kLongestInteger + name.size() + sizeof amount;
  return bytes;
}

Result<Record> decode(std::string_view& bytes) {
  const std::size_t type = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
  if (type == 0 || type > std::variant_size_v<Record>)
    return invalid("unknown record type " + std::to_string(type));
  bytes.remove_prefix(1);
  Record record = make(type - 1);
  MemberReader reader(bytes);
  std::visit([&](auto& r) { members(r, reader); }, record);
  if (!reader.good) return invalid("a record of type " + std::to_string(type) + " is cut or malformed");
  return record;
}

}  // namespace sisyphus::queue
