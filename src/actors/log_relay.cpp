#include "actors/log_relay.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sisyphus::actors {
namespace {

bool runs(const JobView& job) {
  return job.started_at && !job.finished_at;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string because(const std::string& message) {
  return message.empty() ? "" : ": " + first_line(message);
}

// A log that is whole ends without.
std::string last_words(const queue::Effect& effect) {
  if (effect.state == JobState::completed) return "";
  if (effect.state == JobState::cancelled) return "the job was cancelled";
  return "the job failed" + because(effect.message);
}

Error conflict(std::string detail) {
  return {Errc::conflict, std::move(detail), {}};
}

}  // namespace

LogRelay::LogRelay(asio::any_io_executor executor, ControlHub& control, Kept kept, Millis patience)
    : executor_(std::move(executor)), control_(control), kept_(std::move(kept)), patience_(patience) {}

// ---- readers
// ---------------------------------------------------------------------------------------------------

asio::awaitable<Result<std::unique_ptr<EventStream>>> LogRelay::read_log(JobView job, std::size_t lines,
                                                                         bool follow) {
  const std::string id = to_string(job.id);
  if (closed_) co_return Error{Errc::unavailable, "the server stops", {}};
  if (!runs(job) && !follow)
    co_return conflict(
        fmt::format("job {} is {} and runs nowhere: follow=1 waits for it", id, to_string(job.state)));
  if (runs(job) && job.anonymous)
    co_return conflict(fmt::format("job {} runs at an original client, which sends no log", id));
  if (readers_ == kMostReaders)
    co_return Error{Errc::unavailable, fmt::format("{} read logs already: try again later", readers_), {}};
  const auto source = source_of(job);
  auto reader = std::make_unique<LogReader>(
      executor_, lines, follow, [this, job_id = job.id](LogReader& gone) { leave(job_id, gone); });
  source->second.readers.push_back(reader.get());
  ++readers_;
  if (!runs(job) || source->second.heard) reader->begin(source->second.recent.text());
  const bool begun = co_await reader->wait_begun(std::chrono::steady_clock::now() + patience_);
  if (begun) co_return std::unique_ptr<EventStream>(std::move(reader));
  if (closed_) co_return Error{Errc::unavailable, "the server stops", {}};
  if (reader->closed()) co_return conflict(fmt::format("job {} runs no longer where it ran", id));
  co_return silence(job);
}

LogRelay::Sources::iterator LogRelay::source_of(const JobView& job) {
  const auto [place, fresh] = sources_.try_emplace(job.id);
  Source& source = place->second;
  if (!fresh) return place;
  source.id = job.id;
  source.attempt = static_cast<std::uint32_t>(job.attempt);
  if (!runs(job)) return place;
  source.worker_id = job.worker_id;
  ask(source);
  return place;
}

// Why nothing came.
Error LogRelay::silence(const JobView& job) const {
  if (control_.connected(job.worker_id)) {
    return {Errc::timeout,
            fmt::format("worker {} sent no log of job {} within {:g} s", job.worker_id, to_string(job.id),
                        std::chrono::duration<double>(patience_).count()),
            {}};
  }
  return {Errc::timeout,
          fmt::format("worker {}, which has job {}, is cut off: its log cannot be had now", job.worker_id,
                      to_string(job.id)),
          {}};
}

void LogRelay::leave(const JobId& id, LogReader& reader) {
  --readers_;
  const auto source = sources_.find(id);
  if (source == sources_.end()) return;
  source->second.readers.remove(&reader);
  forget_closed_readers(source);
}

// With the last reader the worker may stop, too.
void LogRelay::forget_closed_readers(Sources::iterator source) {
  source->second.readers.remove_if([](const LogReader* reader) { return reader->closed(); });
  if (!source->second.readers.empty()) return;
  release(source->second);
  sources_.erase(source);
}

// ---- workers
// ---------------------------------------------------------------------------------------------------

// Under a new name each time: what an earlier stream still sends is refused. A worker that is away is asked
// when it is there.
void LogRelay::ask(Source& source) {
  source.stream = to_string(make_uuid());
  const std::string from = source.next ? fmt::format(R"(,"from":{})", *source.next) : "";
  control_.send(
      source.worker_id, "log",
      fmt::format(R"({{"job_id":"{}","stream":"{}"{}}})", to_string(source.id), source.stream, from));
}

void LogRelay::release(Source& source) {
  if (source.worker_id.empty()) return;
  control_.send(source.worker_id, "log_stop",
                fmt::format(R"({{"job_id":"{}","stream":"{}"}})", to_string(source.id), source.stream));
  source.worker_id.clear();
  source.stream.clear();
}

void LogRelay::worker_connected(const std::string& worker_id) {
  for (auto& [id, source] : sources_) {
    if (source.worker_id == worker_id) ask(source);
  }
}

Result<void> LogRelay::add_log(const JobId& id, LogPiece piece) {
  const auto found = sources_.find(id);
  if (found == sources_.end() || found->second.stream != piece.stream)
    return not_found(fmt::format("nobody reads stream {} of the log of job {}", piece.stream, to_string(id)));
  Source& source = found->second;
  const std::uint64_t next = source.next.value_or(piece.place);
  std::string text;
  if (piece.place > next) text = fmt::format("[... {} bytes are left out here ...]\n", piece.place - next);
  const auto known = std::min<std::uint64_t>(next - std::min(next, piece.place), piece.text.size());
  text += to_valid_utf8(std::string_view(piece.text).substr(known));  // without what came before already
  source.next = std::max(next, piece.place + piece.text.size());
  source.heard = true;
  source.recent.append(text);
  for (LogReader* const reader : source.readers) {
    if (reader->begun()) {
      reader->add(text);
    } else {
      reader->begin(source.recent.text());
    }
  }
  forget_closed_readers(found);
  return {};
}

// ---- jobs
// ------------------------------------------------------------------------------------------------------

void LogRelay::job_changed(const queue::Effect& effect) {
  const auto found = sources_.find(effect.id);
  if (found == sources_.end()) return;
  Source& source = found->second;
  if (effect.kind == queue::Effect::Kind::removed) return finish(found, "the job was removed");
  if (effect.kind != queue::Effect::Kind::state) return;
  if (is_terminal(effect.state)) {
    // A job may be over before its worker could be asked.
    if (!source.worker_id.empty() && !source.heard) {
      const std::string text = kept_(effect.id);
      for (LogReader* const reader : source.readers) {
        if (reader->begun()) reader->add(text);
      }
    }
    return finish(found, last_words(effect));
  }
  if (effect.worker_id.empty()) {
    if (!source.worker_id.empty()) wait_again(source, effect);
    forget_closed_readers(found);
  } else if (effect.worker_id != source.worker_id || effect.attempt != source.attempt) {
    start(source, effect);
  }
}

// From its beginning, as its readers wait for it.
void LogRelay::start(Source& source, const queue::Effect& effect) {
  release(source);
  source.attempt = effect.attempt;
  source.worker_id = effect.worker_id;
  source.next = 0;
  source.heard = false;
  source.recent = TextTail(kKept);
  for (LogReader* const reader : source.readers)
    reader->say(fmt::format("attempt {}, worker {}", effect.attempt, effect.worker_id));
  ask(source);
}

void LogRelay::wait_again(Source& source, const queue::Effect& effect) {
  release(source);
  for (LogReader* const reader : source.readers) {
    if (!reader->begun() && reader->follows()) reader->begin("");
    if (!reader->begun()) reader->end();
    reader->say(fmt::format("the job waits again{}", because(effect.message)));
  }
}

void LogRelay::finish(Sources::iterator source, const std::string& words) {
  release(source->second);
  for (LogReader* const reader : source->second.readers) {
    if (!words.empty() && reader->begun()) reader->say(words);
    reader->end();
  }
  sources_.erase(source);
}

void LogRelay::close() {
  closed_ = true;
  for (const auto& [id, source] : sources_) {
    for (LogReader* const reader : source.readers) reader->break_off("the server stops");
  }
  sources_.clear();
}

}  // namespace sisyphus::actors
