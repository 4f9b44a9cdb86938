#pragma once

#include "queue/compaction.hpp"
#include "queue/journal.hpp"
#include "queue/journal_files.hpp"
#include "tests/queue/dump.hpp"
#include "tests/queue/random_history.hpp"
#include "tests/support/memory_file_system.hpp"

#include <memory>
#include <random>
#include <string>

namespace sisyphus::queue {

constexpr std::uint64_t kSegment = 4096;  // bytes: small, so that histories span many

inline std::string encoded(const Record& record) {
  std::string bytes;
  encode(record, bytes);
  return bytes;
}

inline std::string text_of(int number) {
  return fmt::format(R"({{"job_title":"job {}"}})", number);
}

inline std::string state_of(std::string_view log) {
  JournalState state(random_policy());
  for (Record& record : records_of(log)) EXPECT_TRUE(state.replay(std::move(record)));
  return dump(state);
}

// A journal that is written, compacted and read again.
class JournalInHand {
 public:
  JournalInHand() { open(); }

  // A server starts with it.
  void open() {
    journal_.reset();
    JournalState state(random_policy());
    auto journal = Journal::open(disk_, {"j", kSegment},
                                 [&](Record&& record) { return state.replay(std::move(record)); });
    refusal_ = journal ? "" : journal.error().detail;
    if (journal) journal_ = std::move(*journal);
    state_ = dump(state);
  }
  std::string reopened() {
    open();
    return refusal_.empty() ? state_ : "refused: " + refusal_;
  }
  void lose_power(std::minstd_rand& random) {
    journal_.reset();
    disk_.lose_power(random);
  }
  void write(std::string_view records) {
    ASSERT_TRUE(journal_->write(std::string(records)));
    ASSERT_TRUE(journal_->sync());
    log_ += records;
  }
  Result<Compacted> compact_closed() {
    auto done = compact(disk_, journal_->closed(), {});
    if (done) journal_->compacted(done->first_segment, done->snapshot_size);
    return done;
  }
  void compact_all() {
    ASSERT_TRUE(journal_->start_segment());
    const auto done = compact_closed();
    ASSERT_TRUE(done) << done.error().detail;
  }
  void submit(int first, int last) {
    for (int number = first; number <= last; ++number)
      write(encoded(Submitted{static_cast<std::uint64_t>(number), make_uuid(), {}, text_of(number)}));
  }
  std::string snapshot_path() const { return "j/" + snapshot_name(journal_->closed().first); }
  std::string all_bytes() {
    std::string bytes;
    for (const std::string& name : disk_.list("j").value()) bytes += disk_.read("j/" + name).value();
    return bytes;
  }
  void overwrite(const std::string& path, std::string_view bytes) {
    auto file = disk_.create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write_at(0, bytes));
  }

  MemoryFileSystem disk_;
  std::unique_ptr<Journal> journal_;
  std::string refusal_;
  std::string state_;
  std::string log_;
};

}  // namespace sisyphus::queue
