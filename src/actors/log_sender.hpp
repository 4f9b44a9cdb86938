#pragma once

#include "actors/job_log.hpp"
#include "core/bell.hpp"
#include "core/ids.hpp"
#include "core/services.hpp"

#include <asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sisyphus::actors {

// Sends the logs of running jobs to the server while somebody reads them there: an actor of the worker. It
// looks at the files a few times a second and sends one piece at a time, so that a job that says much costs
// no memory. One stream for each job. One loop.
class LogSender {
 public:
  static constexpr std::size_t kPiece = 128U << 10;  // bytes at most, and of the last lines to begin with

  // Errc::not_found: nobody reads that stream any more. Any other failure: it is sent again.
  using Send = std::function<asio::awaitable<Result<void>>(JobId, LogPiece)>;
  LogSender(asio::any_io_executor executor, Send send);

  void job_started(const JobId& id, JobLog& log);  // which stays until job_ended()
  // No more is said: sends the rest to those who read it, which is given up after two seconds.
  asio::awaitable<void> finish(JobId id, const JobLog* log);
  void job_ended(const JobId& id, const JobLog& log);

  // As the server asks; takes the place of an earlier stream of that job. The order may be here before the
  // job is. Without `from`: the last lines.
  void open(const JobId& id, std::string stream, std::optional<std::uint64_t> from);
  void close(const JobId& id, std::string_view stream);
  void close_all();  // the server cannot tell any more whether somebody reads

  asio::awaitable<void> run();  // until it is cancelled

 private:
  struct Ending;
  struct Stream {
    std::string name;
    std::optional<std::uint64_t> next;  // place of what is sent next; none: the last lines
    bool begun = false;                 // the first piece is sent even if there is nothing yet
    bool sending = false;
    Bell* emptied = nullptr;  // of finish()

    bool empty(const JobLog& log) const { return begun && !sending && *next >= log.size(); }
  };
  using Streams = std::map<JobId, Stream>;
  static Result<LogPiece> read(Stream& stream, JobLog& log);
  asio::awaitable<bool> send_piece(JobId id);  // false: there was none, or it could not be sent
  void erase(Streams::iterator stream);

  asio::any_io_executor executor_;
  Send send_;
  std::map<JobId, JobLog*> logs_;
  Streams streams_;
  Bell bell_;  // there is something to look at before the time
};

}  // namespace sisyphus::actors
