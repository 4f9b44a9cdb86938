#include "actors/event_hub.hpp"

#include "actors/event_queue.hpp"
#include "net/wire.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace sisyphus::actors {
namespace {

constexpr std::size_t kRecent = 4096;  // events kept for readers that come back

struct EventId {
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
};

std::optional<EventId> parse_event_id(std::string_view text) {
  EventId id;
  const char* const end = text.data() + text.size();
  const auto [dash, first] = std::from_chars(text.data(), end, id.epoch);
  if (first != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [last, second] = std::from_chars(dash + 1, end, id.sequence);
  if (second != std::errc() || last != end) return std::nullopt;
  return id;
}

}  // namespace

class EventHub::Stream final : public EventQueue {
 public:
  Stream(EventHub& hub, std::optional<JobId> job)
      : EventQueue(hub.executor_),
        job(job),
        hub_(hub),
        place_(hub.streams_.insert(hub.streams_.end(), this)) {}
  ~Stream() override {
    hub_.streams_.erase(place_);
    if (hub_.streams_.empty()) hub_.last_reader_left_ = std::chrono::steady_clock::now();
  }

  void offer(const Event& event) {
    if (job && event.job != job) return;
    if (!push(event.text)) {
      spdlog::warn("event_reader_too_slow events_lost={}", kLimit);
      clear();
      push(hub_.resync_);
      push(event.text);  // it may be the last of its job
    }
    if (job && event.last_of_job) end();
  }

  const std::optional<JobId> job;

 private:
  EventHub& hub_;
  std::list<Stream*>::iterator place_;
};

EventHub::EventHub(asio::any_io_executor executor, std::uint32_t epoch)
    : executor_(std::move(executor)),
      epoch_(epoch),
      resync_(std::make_shared<const std::string>(net::sse_event("", "resync", "{}"))) {}

EventHub::~EventHub() = default;

bool EventHub::wanted() const {
  if (!streams_.empty()) return true;
  return last_reader_left_ && std::chrono::steady_clock::now() < *last_reader_left_ + kMemory;
}

void EventHub::skip() {
  ++next_;
  recent_.clear();  // what is kept must have no holes
  last_reader_left_.reset();
}

void EventHub::publish(std::string_view type, const std::optional<JobId>& job, std::string_view data,
                       bool last_of_job) {
  const std::string id = fmt::format("{}-{}", epoch_, next_);
  Event event{next_++, job, std::make_shared<const std::string>(net::sse_event(id, type, data)), last_of_job};
  for (auto at = streams_.begin(); at != streams_.end();) (*at++)->offer(event);
  recent_.push_back(std::move(event));
  if (recent_.size() > kRecent) recent_.pop_front();
}

void EventHub::replay(Stream& stream, std::string_view last_event_id) {
  if (last_event_id.empty()) return;
  const auto id = parse_event_id(last_event_id);
  const std::uint64_t oldest = recent_.empty() ? next_ : recent_.front().sequence;
  const bool known = id && id->epoch == epoch_ && id->sequence < next_ && id->sequence + 1 >= oldest;
  if (!known) {
    stream.push(resync_);
    return;
  }
  for (const Event& event : recent_) {
    if (event.sequence > id->sequence) stream.offer(event);
  }
}

std::unique_ptr<EventStream> EventHub::subscribe(std::optional<JobId> job, std::string_view last_event_id) {
  auto stream = std::make_unique<Stream>(*this, job);
  replay(*stream, last_event_id);
  if (closed_) stream->end();
  return stream;
}

std::unique_ptr<EventStream> EventHub::subscribe_from(std::optional<JobId> job,
                                                      std::string_view last_event_id, std::string first,
                                                      bool ended) {
  auto stream = std::make_unique<Stream>(*this, job);
  stream->push(std::make_shared<const std::string>(std::move(first)));
  if (!ended) replay(*stream, last_event_id);
  if (ended || closed_) stream->end();
  return stream;
}

void EventHub::close() {
  closed_ = true;
  for (Stream* const stream : streams_) stream->end();
}

class ControlHub::Stream final : public EventQueue {
 public:
  Stream(ControlHub& hub, std::string worker_id)
      : EventQueue(hub.executor_),
        worker_id(std::move(worker_id)),
        hub_(hub),
        place_(hub.streams_.insert(hub.streams_.end(), this)) {}
  ~Stream() override { hub_.streams_.erase(place_); }

  const std::string worker_id;

 private:
  ControlHub& hub_;
  std::list<Stream*>::iterator place_;
};

std::unique_ptr<EventStream> ControlHub::open(const std::string& worker_id) {
  return std::make_unique<Stream>(*this, worker_id);
}

bool ControlHub::connected(const std::string& worker_id) const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const Stream* stream) { return stream->worker_id == worker_id; });
}

bool ControlHub::send(const std::string& worker_id, std::string_view type, std::string_view data) {
  const auto event = std::make_shared<const std::string>(net::sse_event("", type, data));
  bool sent = false;
  for (Stream* const stream : streams_) {
    if (stream->worker_id != worker_id) continue;
    // A worker that does not read its orders hears the same from its next heartbeat; start it afresh.
    if (!stream->push(event)) stream->end();
    sent = true;
  }
  return sent;
}

void ControlHub::close() {
  for (Stream* const stream : streams_) stream->end();
}

}  // namespace sisyphus::actors
