#include "actors/job_log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sisyphus::actors {
namespace {

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
  if (file_ && !in_beginning_ && !failed_) told(put_together());
}

void JobLog::add(std::string_view line) {
  tail_.append(line);
  tail_.append("\n");
  write(fmt::format("{}\n", line));
}

// Half of the limit is for the beginning. What follows fills files of a quarter, of which the last two stay.
void JobLog::write(std::string_view bytes) {
  if (failed_) return;
  const std::uint64_t room = in_beginning_ ? limit_ / 2 : limit_ / 4;
  if (!file_ || written_ + bytes.size() > room) told(open_next());
  if (failed_) return;
  written_ += bytes.size();
  told(write_all(file_.get(), bytes, in_beginning_ ? path_ : last_path_));
}

Result<void> JobLog::open_next() {
  const bool first = !file_;
  if (!first && !in_beginning_) {
    dropped_ += std::exchange(before_size_, written_);
    if (::rename(last_path_.c_str(), before_path_.c_str()) != 0)
      return io_error("cannot write " + before_path_, errno);
  }
  in_beginning_ = first;
  written_ = 0;
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
  if (before_size_ != 0) {
    if (auto done = append_file(whole->get(), before_path_); !done) return done;
  }
  return append_file(whole->get(), last_path_);
}

void JobLog::told(const Result<void>& done) {
  if (done) return;
  failed_ = true;
  spdlog::warn("job_log_failed path=\"{}\" error=\"{}\": the job goes on without", path_,
               done.error().detail);
}

}  // namespace sisyphus::actors
