#include "actors/log_sender.hpp"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

namespace sisyphus::actors {
namespace {

constexpr std::size_t kMostStreams = 256;
constexpr Millis kLook{200};        // between looks at the files
constexpr Millis kLastWords{2000};  // for the rest, at the end of a job

}  // namespace

LogSender::LogSender(asio::any_io_executor executor, Send send)
    : executor_(executor), send_(std::move(send)), bell_(executor) {}

void LogSender::job_started(const JobId& id, JobLog& log) {
  logs_[id] = &log;
  bell_.ring();
}

void LogSender::job_ended(const JobId& id, const JobLog& log) {
  const auto known = logs_.find(id);
  if (known == logs_.end() || known->second != &log) return;  // a later attempt is here already
  logs_.erase(known);
  if (const auto found = streams_.find(id); found != streams_.end()) erase(found);
}

void LogSender::open(const JobId& id, std::string stream, std::optional<std::uint64_t> from) {
  if (const auto found = streams_.find(id); found != streams_.end()) erase(found);
  if (streams_.size() == kMostStreams) {
    spdlog::warn("job_log_not_sent job_id={} error=\"{} are read already\"", to_string(id), kMostStreams);
    return;
  }
  Stream& opened = streams_[id];
  opened.name = std::move(stream);
  opened.next = from;
  bell_.ring();
}

void LogSender::close(const JobId& id, std::string_view stream) {
  const auto found = streams_.find(id);
  if (found != streams_.end() && found->second.name == stream) erase(found);
}

void LogSender::close_all() {
  while (!streams_.empty()) erase(streams_.begin());
}

void LogSender::erase(Streams::iterator stream) {
  if (stream->second.emptied != nullptr) stream->second.emptied->ring();
  streams_.erase(stream);
}

// Also when finish() is cancelled: the stream must not know its bell any longer than it lives.
struct LogSender::Ending {
  LogSender& sender;
  const JobId& id;
  const JobLog& log;
  ~Ending() { sender.job_ended(id, log); }
};

asio::awaitable<void> LogSender::finish(JobId id, const JobLog* log) {
  const auto known = logs_.find(id);
  if (known == logs_.end() || known->second != log) co_return;
  const SteadyTime until = std::chrono::steady_clock::now() + kLastWords;
  Bell emptied(executor_);
  const Ending ending{*this, id, *log};
  bell_.ring();
  for (;;) {
    const auto found = streams_.find(id);
    if (found == streams_.end() || found->second.empty(*log)) break;
    found->second.emptied = &emptied;
    const bool rang = co_await emptied.wait_until(until);
    if (!rang) break;
  }
}

asio::awaitable<void> LogSender::run() {
  for (;;) {
    while (streams_.empty()) co_await bell_.wait();
    bool more = true;
    while (more) {  // in turn, so that none waits for one that says much
      std::vector<JobId> ids;
      for (const auto& [id, stream] : streams_) ids.push_back(id);
      more = false;
      for (const JobId& id : ids) {
        const bool sent = co_await send_piece(id);
        more = more || sent;
      }
    }
    co_await bell_.wait_until(std::chrono::steady_clock::now() + kLook);
  }
}

Result<LogPiece> LogSender::read(Stream& stream, JobLog& log) {
  if (!stream.next) {
    const auto start = log.start_of_last(kPiece);
    if (!start) return start.error();
    stream.next = *start;
  }
  auto piece = log.read(*stream.next, kPiece);
  if (!piece) return piece.error();
  return LogPiece{stream.name, piece->at, std::move(piece->text)};
}

asio::awaitable<bool> LogSender::send_piece(JobId id) {
  const auto log = logs_.find(id);
  const auto found = streams_.find(id);
  if (log == logs_.end() || found == streams_.end() || found->second.empty(*log->second)) co_return false;
  auto piece = read(found->second, *log->second);
  const bool last = !piece;
  if (last) {
    spdlog::warn("job_log_not_sent job_id={} error=\"{}\"", to_string(id), piece.error().detail);
    piece =
        LogPiece{found->second.name, found->second.next.value_or(0), JobLog::rest_left_out(piece.error())};
  }
  const std::string name = piece->stream;
  const std::uint64_t end = piece->place + piece->text.size();
  found->second.sending = true;
  const auto sent = co_await send_(id, std::move(*piece));
  // Meanwhile it may have been closed, or another one opened.
  const auto now = streams_.find(id);
  if (now == streams_.end() || now->second.name != name) co_return true;
  Stream& stream = now->second;
  stream.sending = false;
  if (sent ? last : sent.error().code == Errc::not_found) {
    erase(now);
    co_return false;
  }
  if (!sent) co_return false;
  stream.begun = true;
  stream.next = end;
  if (stream.emptied != nullptr) stream.emptied->ring();
  co_return true;
}

}  // namespace sisyphus::actors
