#pragma once

#include "actors/event_hub.hpp"
#include "actors/log_reader.hpp"
#include "core/services.hpp"
#include "core/text_tail.hpp"
#include "queue/job_queue.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sisyphus::actors {

// Brings the logs of running jobs from their workers to those who read them. A worker is asked by its control
// stream while there are readers, and told when there are none; of what it sends no more is kept than the
// next reader begins with. One loop; `control` outlives it, and it outlives its readers.
class LogRelay final : public LogService {
 public:
  static constexpr std::size_t kMostReaders = 256;
  static constexpr std::size_t kKept = 128U << 10;  // bytes of a log that is read

  // What the outcome of a finished job says of its log.
  using Kept = std::function<std::string(const JobId&)>;

  LogRelay(asio::any_io_executor executor, ControlHub& control, Kept kept,
           Millis patience = std::chrono::seconds(5));

  asio::awaitable<Result<std::unique_ptr<EventStream>>> read_log(JobView job, std::size_t lines,
                                                                 bool follow) override;
  Result<void> add_log(const JobId& id, LogPiece piece) override;

  // What happens meanwhile.
  void job_changed(const queue::Effect& effect);
  void worker_connected(const std::string& worker_id);  // its control stream is there
  void close();                                         // the server stops

 private:
  struct Source {  // a job whose log is read
    JobId id;
    std::uint32_t attempt = 0;
    std::string worker_id;              // that runs it; empty: it waits
    std::string stream;                 // that was asked for
    std::optional<std::uint64_t> next;  // place of what is to come next; none: the last lines there are
    bool heard = false;                 // something came
    TextTail recent{kKept};
    std::list<LogReader*> readers;
  };
  using Sources = std::map<JobId, Source>;

  Sources::iterator source_of(const JobView& job);
  Error silence(const JobView& job) const;
  void ask(Source& source);
  void release(Source& source);  // its worker need not send any more
  void start(Source& source, const queue::Effect& effect);
  void wait_again(Source& source, const queue::Effect& effect);
  void finish(Sources::iterator source, const std::string& words);
  void leave(const JobId& id, LogReader& reader);
  void forget_closed_readers(Sources::iterator source);

  asio::any_io_executor executor_;
  ControlHub& control_;
  const Kept kept_;
  const Millis patience_;
  Sources sources_;
  std::size_t readers_ = 0;
  bool closed_ = false;
};

}  // namespace sisyphus::actors
