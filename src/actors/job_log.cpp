#include "actors/job_log.hpp"

#include "core/line_splitter.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

constexpr std::size_t kBlock = 16U << 10;  // bytes that are written at once when a tool says much
constexpr Millis kHeld{50};                // between writes when it says much

Result<void> write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error("cannot write " + path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<UniqueFd> open_file(const std::string& path, int flags) {
  UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!file) return io_error("cannot open " + path, errno);
  return file;
}

// Adds `size` bytes of the file to `text`; there are at least as many.
Result<void> read_part(const std::string& path, std::uint64_t from, std::size_t size, std::string& text) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return file.error();
  std::size_t end = text.size();
  text.resize(end + size);
  while (end != text.size()) {
    const ssize_t count =
        ::pread(file->get(), text.data() + end, text.size() - end, static_cast<off_t>(from));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot read " + path, errno);
    if (count == 0) return Error{Errc::io, path + " is shorter than what was written to it", {}};
    end += static_cast<std::size_t>(count);
    from += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> append_file(int to, const std::string& path) {
  const auto from = open_file(path, O_RDONLY);
  if (!from) return from.error();
  std::array<char, 1U << 16U> buffer;
  for (;;) {
    const ssize_t size = ::read(from->get(), buffer.data(), buffer.size());
    if (size == 0) break;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return io_error("cannot read " + path, errno);
    if (auto done = write_all(to, {buffer.data(), static_cast<std::size_t>(size)}, path); !done) return done;
  }
  if (::unlink(path.c_str()) != 0) return io_error("cannot remove " + path, errno);
  return {};
}

}  // namespace

JobLog::JobLog(std::string path, std::uint64_t limit)
    : path_(std::move(path)), last_path_(path_ + ".last"), before_path_(path_ + ".before"), limit_(limit) {}

JobLog::~JobLog() {
  flush();
  if (file_ && !in_beginning_ && !failed()) told(put_together());
}

// Half of the limit is for the beginning. What follows fills files of a quarter, of which the last two stay.
void JobLog::add(std::string_view line) {
  line = line.substr(0, LineSplitter::kMaxLine);
  tail_.append(line);
  tail_.append("\n");
  if (failed()) return;
  const std::uint64_t room = in_beginning_ ? limit_ / 2 : limit_ / 4;
  if (part() + unwritten_.size() + line.size() + 1 > room) {
    flush();
    if (!failed()) told(open_next());
    if (failed()) return;
  }
  unwritten_.append(line).push_back('\n');
  if (unwritten_.size() >= kBlock || std::chrono::steady_clock::now() >= written_at_ + kHeld) flush();
}

void JobLog::flush() {
  if (unwritten_.empty() || failed()) return;
  if (!file_) told(open_next());
  if (!failed()) told(write_all(file_.get(), unwritten_, in_beginning_ ? path_ : last_path_));
  if (!failed()) part() += unwritten_.size();
  unwritten_.clear();
  written_at_ = std::chrono::steady_clock::now();
}

Result<void> JobLog::open_next() {
  const bool first = !file_;
  if (!first && !in_beginning_) {
    if (::rename(last_path_.c_str(), before_path_.c_str()) != 0)
      return io_error("cannot write " + before_path_, errno);
    dropped_ += std::exchange(before_, std::exchange(last_, 0));
  }
  in_beginning_ = first;
  auto file = open_file(first ? path_ : last_path_, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  file_ = std::move(*file);
  return {};
}

Result<void> JobLog::put_together() {
  auto whole = open_file(path_, O_WRONLY | O_APPEND);
  if (!whole) return whole.error();
  if (dropped_ != 0) {
    const std::string gap = fmt::format("[... {} bytes are left out here ...]\n", dropped_);
    if (auto done = write_all(whole->get(), gap, path_); !done) return done;
  }
  if (before_ != 0) {
    if (auto done = append_file(whole->get(), before_path_); !done) return done;
  }
  return append_file(whole->get(), last_path_);
}

std::uint64_t JobLog::size() const {
  return beginning_ + dropped_ + before_ + last_ + unwritten_.size() + why_no_more_.size();
}

Result<JobLog::Piece> JobLog::read(std::uint64_t from, std::size_t most) {
  flush();
  struct Part {
    const std::string* path;  // null: why_no_more_
    std::uint64_t begin;
    std::uint64_t size;
  };
  const std::uint64_t gap_end = beginning_ + dropped_;
  const Part parts[] = {{&path_, 0, beginning_},
                        {&before_path_, gap_end, before_},
                        {&last_path_, gap_end + before_, last_},
                        {nullptr, gap_end + before_ + last_, why_no_more_.size()}};
  Piece piece{from, {}};
  for (const Part& part : parts) {
    std::uint64_t at = piece.at + piece.text.size();
    if (at >= part.begin + part.size || piece.text.size() == most) continue;
    if (at < part.begin) {
      if (!piece.text.empty()) break;
      at = piece.at = part.begin;
    }
    const auto size = std::min<std::uint64_t>(most - piece.text.size(), part.begin + part.size - at);
    if (part.path == nullptr) {
      piece.text += why_no_more_.substr(at - part.begin, size);
    } else if (auto done = read_part(*part.path, at - part.begin, size, piece.text); !done) {
      return done.error();
    }
  }
  if (piece.text.size() == most) piece.text.resize(piece.text.rfind('\n') + 1);
  return piece;
}

Result<std::uint64_t> JobLog::start_of_last(std::size_t bytes) {
  if (size() <= bytes) return std::uint64_t{0};
  const std::uint64_t from = size() - bytes - 1;  // the end of a line just before is a start, too
  const auto piece = read(from, bytes + 1);
  if (!piece) return piece.error();
  if (piece->at != from) return piece->at;
  return from + piece->text.find('\n') + 1;
}

std::string JobLog::rest_left_out(const Error& why) {
  return fmt::format("[... the rest is left out here: {} ...]\n", why.detail);
}

void JobLog::told(const Result<void>& done) {
  if (done) return;
  why_no_more_ = rest_left_out(done.error());
  spdlog::warn("job_log_failed path=\"{}\" error=\"{}\": the job goes on without", path_,
               done.error().detail);
}

}  // namespace sisyphus::actors
