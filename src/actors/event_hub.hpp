#pragma once

#include "core/bell.hpp"
#include "core/services.hpp"

#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace sisyphus::actors {

// Fans events out to any number of readers. Each has a bounded queue: one that is too slow loses what is in
// it and is told so (`resync`). The last events are kept, so that a reader who was cut off for a moment
// resumes where it was. While nobody has listened for kMemory, events are only counted: rendering one costs
// more than the change that it tells of. One loop; outlives its streams.
class EventHub {
 public:
  static constexpr std::chrono::seconds kMemory{60};

  // `epoch` makes ids of different server starts differ.
  EventHub(asio::any_io_executor executor, std::uint32_t epoch);
  ~EventHub();

  // Whether an event that happens now is to be rendered and published; else it is to be skipped.
  bool wanted() const;
  void skip();
  // `data` is JSON. `last_of_job`: streams of that one job end after it.
  void publish(std::string_view type, const std::optional<JobId>& job, std::string_view data,
               bool last_of_job = false);
  std::unique_ptr<EventStream> subscribe(std::optional<JobId> job, std::string_view last_event_id);
  // As subscribe, but begins with `first` and, where `ended`, ends there.
  std::unique_ptr<EventStream> subscribe_from(std::optional<JobId> job, std::string_view last_event_id,
                                              std::string first, bool ended);
  void close();  // ends every stream
  std::size_t subscribers() const { return streams_.size(); }

 private:
  class Stream;
  struct Event {
    std::uint64_t sequence;
    std::optional<JobId> job;
    std::shared_ptr<const std::string> text;
    bool last_of_job;
  };
  void replay(Stream& stream, std::string_view last_event_id);

  asio::any_io_executor executor_;
  std::uint32_t epoch_;
  std::uint64_t next_ = 1;
  std::deque<Event> recent_;
  std::list<Stream*> streams_;
  std::shared_ptr<const std::string> resync_;
  std::optional<SteadyTime> last_reader_left_;  // and may come back for what it has missed
  bool closed_ = false;
};

// The control streams of the workers: messages to one worker, not kept for one that is not there.
class ControlHub {
 public:
  explicit ControlHub(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  std::unique_ptr<EventStream> open(const std::string& worker_id);
  bool connected(const std::string& worker_id) const;
  // False when the worker holds no stream open.
  bool send(const std::string& worker_id, std::string_view type, std::string_view data);
  void close();

 private:
  class Stream;
  asio::any_io_executor executor_;
  std::list<Stream*> streams_;
};

}  // namespace sisyphus::actors
