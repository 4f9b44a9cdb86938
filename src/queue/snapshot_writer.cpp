#include "queue/snapshot_writer.hpp"

#include "queue/journal_files.hpp"

#include <utility>

namespace sisyphus::queue {
namespace {

constexpr std::size_t kFrame = 64U << 10;      // bytes of records in a frame, about
constexpr std::size_t kWrite = 1U << 20;       // bytes that are written at once
constexpr std::uint64_t kUnsynced = 4U << 20;  // more would make the journal's own syncs wait for the disk

}  // namespace

SnapshotWriter::SnapshotWriter(FileSystem& files, std::string path, SegmentHeader next)
    : files_(&files), path_(std::move(path)) {
  header_.next = next;
}

Result<SnapshotWriter> SnapshotWriter::create(FileSystem& files, const std::string& directory,
                                              SegmentHeader next) {
  SnapshotWriter writer(files, directory + "/" + snapshot_name(next.number), next);
  auto file = files.create(writer.unfinished_path());
  if (!file) return file.error();
  writer.file_ = std::move(*file);
  writer.written_ = kSegmentHeaderSize;  // the header comes last: it says what the frames are
  return writer;
}

Result<void> SnapshotWriter::add(const Record& record) {
  encode(record, payload_);
  if (payload_.size() < kFrame) return {};
  return end_frame();
}

Result<void> SnapshotWriter::end_frame() {
  FrameHeader frame{0, 0, header_.last_checksum, ++sequence_, 0};
  append_frame(frame, payload_, frames_);
  header_.last_checksum = frame.checksum;
  payload_.clear();
  if (frames_.size() < kWrite) return {};
  return write_out();
}

Result<void> SnapshotWriter::write_out() {
  if (auto written = file_->write_at(written_, frames_); !written) return written;
  written_ += frames_.size();
  frames_.clear();
  if (written_ - synced_ < kUnsynced) return {};
  synced_ = written_;
  return file_->sync();
}

Result<std::uint64_t> SnapshotWriter::finish() {
  if (auto ended = end_frame(); !ended) return ended.error();
  if (auto written = write_out(); !written) return written.error();
  header_.length = written_;
  if (auto written = file_->write_at(0, encode_snapshot_header(header_)); !written) return written.error();
  if (auto synced = file_->sync(); !synced) return synced.error();
  if (auto renamed = files_->rename(unfinished_path(), path_); !renamed) return renamed.error();
  const std::string directory = path_.substr(0, path_.rfind('/'));
  if (auto synced = files_->sync_directory(directory); !synced) return synced.error();
  return written_;
}

}  // namespace sisyphus::queue
