#include "queue/worker_registry.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace sisyphus::queue {
namespace {

// Workers that were heard just now, and what runs there.
class WorkerRegistryTest : public testing::Test {
 protected:
  using Resources = std::map<std::string, double>;
  static Offer offering(std::string module, Resources resources) {
    return {std::vector<std::string>{std::move(module)}, {}, std::move(resources)};
  }
  void worker(const std::string& id, Offer offer) {
    Heartbeat beat;
    beat.worker_id = id;
    beat.offer = std::move(offer);
    workers_.heard(beat, now_);
  }
  std::string missing(const Requirements& needs) const { return workers_.missing_for(needs, now_); }
  std::string in_use(const Requirements& needs) const {
    return workers_.in_use_for(
        needs, [this] { return running_; }, now_);
  }

  const SteadyTime now_{};
  WorkerRegistry workers_{std::chrono::seconds(30)};
  Running running_;
  const Requirements plain_{{"m"}, {}, {}};
  const Requirements one_card_{{"m"}, {}, {{"gpu", 1}}};
  const Requirements two_cards_{{"m"}, {}, {{"gpu", 2}}};
};

TEST_F(WorkerRegistryTest, JobThatNobodyOffersAnythingForIsToldWhatIsMissing) {
  EXPECT_EQ(missing(two_cards_), "a worker: none is online");
  worker("w1", offering("other", {{"gpu", 2}}));
  EXPECT_EQ(missing(two_cards_), "a worker with the module m: none that is online offers it");
  worker("w2", offering("m", {{"gpu", 1}}));
  EXPECT_EQ(missing(two_cards_), "a worker that offers gpu=2 and its modules: none that is online does");
  EXPECT_EQ(missing(one_card_), "");
  EXPECT_EQ(in_use(two_cards_), "") << "not in use: not offered";
}

TEST_F(WorkerRegistryTest, ResourcesThatOthersHoldAtEveryWorkerThatOffersThemAreInUse) {
  worker("w1", offering("m", {{"gpu", 2}, {"ram", 16}}));
  worker("w2", offering("m", {{"gpu", 2}}));
  worker("w3", offering("m", {{"gpu", 1}}));
  running_ = {{"w1", {&one_card_}}, {"w3", {&one_card_}}};
  EXPECT_EQ(in_use(two_cards_), "") << "w2 could run it";
  running_["w2"] = {&two_cards_};
  EXPECT_EQ(missing(two_cards_), "");
  EXPECT_EQ(in_use(two_cards_), "gpu=2 to be free: in use at every worker that could run it");
  EXPECT_EQ(in_use(one_card_), "") << "w1 has one left";
  running_["w1"].push_back(&one_card_);
  EXPECT_EQ(in_use(one_card_), "gpu=1 to be free: in use at every worker that could run it");
  EXPECT_EQ(in_use(plain_), "") << "it takes none";
}

TEST_F(WorkerRegistryTest, DisabledWorkerIsNoneThatCouldRunIt) {
  worker("w1", offering("m", {{"gpu", 1}}));
  worker("w2", offering("m", {{"gpu", 1}}));
  running_ = {{"w1", {&one_card_}}};
  EXPECT_EQ(in_use(one_card_), "");
  workers_.set_disabled("w2", true);
  EXPECT_EQ(in_use(one_card_), "gpu=1 to be free: in use at every worker that could run it");
}

TEST_F(WorkerRegistryTest, ModulesTakeResourcesToo) {
  Offer offer = offering("m", {{"gpu", 1}});
  offer.module_resources["m"] = {{"gpu", 1}};
  worker("w1", offer);
  EXPECT_EQ(in_use(plain_), "");
  running_ = {{"w1", {&plain_}}};
  EXPECT_EQ(in_use(plain_), "gpu=1 to be free: in use at every worker that could run it");
}

}  // namespace
}  // namespace sisyphus::queue
