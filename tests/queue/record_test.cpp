#include "queue/record.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

namespace sisyphus::queue {
namespace {

std::string encoded(const Record& record) {
  std::string bytes;
  encode(record, bytes);
  return bytes;
}

JobFacts unusual_facts() {
  JobFacts facts;
  facts.needs = {{"ffmpeg", "mkvmerge"}, {"label"}, {{"cpu", 0.5}, {"gpu", 1}}};
  facts.priority = -100;
  facts.max_attempts = 1000;
  facts.not_before = WallTime(Millis(1'770'000'000'000));
  facts.idempotency_key = "key";
  return facts;
}

Kept touched() {
  Kept kept{.order = 300, .state = JobState::failed, .token = {7, 9}, .attempt = 2};
  kept.message = "why";
  kept.past = {{1, Attempt::End::lost, "w1", "lost", WallTime(Millis(5)), WallTime(Millis(7))},
               {1, Attempt::End::handed_back, sisyphus::to_string(make_uuid()), "", WallTime(Millis(8)), {}}};
  kept.worker_id = "w1";
  kept.started_at = 5;
  kept.ended_at = 9;
  kept.lost = true;
  kept.avoid = {{"w2", 11, 5'000}, {"w3", 12, 10'000}};
  kept.text = {7, 1 << 20, 300};
  return kept;
}

std::vector<Record> one_of_each() {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const std::string text("with \0 and \xff", 12);
  return {Started{std::numeric_limits<std::uint32_t>::max()},
          Submitted{kMost, make_uuid(), unusual_facts(), text},
          Granted{300, {7, kMost}, 1000, true, -1, "worker"},
          Finished{1,
                   JobState::cancelled,
                   true,
                   false,
                   std::numeric_limits<std::int64_t>::min(),
                   "m",
                   {2, 300, kMost}},
          Requeued{127, false, true, true, std::numeric_limits<std::int64_t>::max(), "reason", 1},
          CancelRequested{128},
          Removed{0},
          Cleared{1, kMost},
          Held{16'384, false},
          Retried{1},
          MarkedIrreversible{1},
          QueueAttributes{true},
          WorkerAttributes{"w", true},
          DocumentStored{"ffmpeg", "name", std::string(100'000, 'x')},
          DocumentErased{"", ""},
          Bound{1, "worker"},
          touched(),
          Numbered{kMost},
          HistoryLost{3, 24, kMost},
          Forgotten{},
          Prioritized{1, -100}};
}

TEST(Record, EveryTypeReadsBackAsItWasWritten) {
  const auto records = one_of_each();
  EXPECT_EQ(records.size(), std::variant_size_v<Record>);
  for (const Record& record : records) {
    const std::string bytes = encoded(record);
    std::string_view rest = bytes;
    const auto again = decode(rest);
    ASSERT_TRUE(again) << record.index();
    EXPECT_EQ(again->index(), record.index());
    EXPECT_EQ(encoded(*again), bytes) << record.index();
    EXPECT_TRUE(rest.empty());
  }
}

TEST(Record, MembersKeepTheirValues) {
  std::string bytes = encoded(Granted{300, {7, 1'000'000}, 3, true, 1'770'000'000'000, "w1"});
  std::string_view rest = bytes;
  const auto record = decode(rest);
  const auto& granted = std::get<Granted>(*record);
  EXPECT_EQ(granted.order, 300U);
  EXPECT_EQ(granted.token, (LeaseToken{7, 1'000'000}));
  EXPECT_EQ(granted.attempt, 3U);
  EXPECT_TRUE(granted.anonymous);
  EXPECT_EQ(granted.at, 1'770'000'000'000);
  EXPECT_EQ(granted.worker_id, "w1");
}

TEST(Record, FactsAndAttemptsKeepTheirValues) {
  const Kept kept = touched();
  const std::string bytes = encoded(Submitted{1, {}, unusual_facts(), "{}"}) + encoded(kept);
  std::string_view rest = bytes;
  EXPECT_EQ(std::get<Submitted>(*decode(rest)).facts, unusual_facts());
  EXPECT_EQ(std::get<Kept>(*decode(rest)), kept);
}

TEST(Record, UsualFactsTakeTwoBytesBesideTheModulesNames) {
  JobFacts facts;
  const std::size_t without = encoded(Submitted{1, {}, facts, "{}"}).size();
  EXPECT_EQ(without, encoded(Removed{1}).size() + JobId::static_size() + 2 + std::string("\2{}").size());
  facts.needs.modules = {"ffmpeg"};
  EXPECT_EQ(encoded(Submitted{1, {}, facts, "{}"}).size(), without + std::string("\6ffmpeg").size());
}

TEST(Record, FinishedJobThatHadNothingToSayTakesTwoBytesForThat) {
  const std::size_t without = encoded(Finished{.order = 1}).size();
  EXPECT_EQ(without, encoded(Removed{1}).size() + std::string("SUFtmt").size());
  EXPECT_EQ(encoded(Finished{.order = 1, .text = {1, 24, 100}}).size(), without + 2);
}

TEST(Record, SubmittedIsNeverLargerThanItsBound) {
  const std::string document(300, 'd');
  for (const JobFacts& facts : {JobFacts(), unusual_facts()}) {
    const Submitted record{std::numeric_limits<std::uint64_t>::max(), make_uuid(), facts, document};
    EXPECT_LE(encoded(record).size(), submitted_size(facts, document));
  }
}

TEST(Record, WorkerThatIsAUuidTakesSeventeenBytesAndAnyOtherNameStaysAsItIs) {
  const std::size_t nameless = encoded(Bound{1, ""}).size();
  const std::string uuid = sisyphus::to_string(make_uuid());
  EXPECT_EQ(encoded(Bound{1, uuid}).size(), nameless + 16);
  std::string shouted = uuid;
  shouted[3] = 'A';
  for (const std::string& id : {uuid, shouted, std::string("w"), std::string(36, '-'), std::string()}) {
    const std::string bytes = encoded(Bound{1, id});
    std::string_view rest = bytes;
    EXPECT_EQ(std::get<Bound>(*decode(rest)).worker_id, id);
  }
}

TEST(Record, OneBehindTheOtherAreTakenOffTheFront) {
  std::string bytes;
  for (const Record& record : one_of_each()) encode(record, bytes);
  std::string_view rest = bytes;
  for (const Record& record : one_of_each()) EXPECT_EQ(decode(rest)->index(), record.index());
  EXPECT_TRUE(rest.empty());
}

TEST(Record, CutAnywhereIsAnError) {
  for (const Record& record : one_of_each()) {
    const std::string bytes = encoded(record);
    for (std::size_t length = 0; length < std::min<std::size_t>(bytes.size(), 64); ++length) {
      std::string_view rest(bytes.data(), length);
      EXPECT_FALSE(decode(rest)) << record.index() << " cut at " << length;
    }
  }
}

TEST(Record, UnknownTypeIsNamed) {
  std::string_view zero("\0", 1);
  EXPECT_EQ(decode(zero).error().detail, "unknown record type 0");
  std::string_view high("\x7f");
  EXPECT_EQ(decode(high).error().detail, "unknown record type 127");
}

TEST(Record, WhatIsReadIsWhatEncodeWrites) {
  std::minstd_rand random(11);
  std::size_t read = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(1 + random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() % 4 : random());
    bytes.front() = static_cast<char>(1 + random() % std::variant_size_v<Record>);
    std::string_view rest = bytes;
    const auto record = decode(rest);
    if (!record) continue;
    ++read;
    ASSERT_EQ(encoded(*record), bytes.substr(0, bytes.size() - rest.size()));
  }
  EXPECT_GT(read, 1000U);
}

}  // namespace
}  // namespace sisyphus::queue
