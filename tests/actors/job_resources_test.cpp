#include "actors/job_resources.hpp"

#include "tests/modules/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sisyphus::actors {
namespace {

using sisyphus::testing::parsed;
using sisyphus::testing::TempFolder;
using sisyphus::testing::write_text;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// With the modules `small` (gpu=1) and `large` (gpu=2, ram=8).
struct JobResourcesTest : ::testing::Test {
  static modules::Registry make_registry() {
    const TempFolder folder;
    const auto write = [&](const char* name, const char* resources) {
      write_text(folder / std::string(name) + ".json",
                 std::string(R"({"description":"d","command":["true"],"schema":{},"name":")") + name +
                     R"(","resources":)" + resources + "}");
    };
    write("small", R"({"gpu":1})");
    write("large", R"({"gpu":2,"ram":8})");
    return std::move(modules::Registry::with_folder(folder.path().string()).value());
  }

  Resources held(const char* document) const { return held_by(parsed(document).as_object(), registry); }
  std::vector<std::string> offered(const std::vector<Resources>& running, const Resources& total) const {
    return *offer_beside(running, total, registry).modules;
  }

  modules::Registry registry = make_registry();
};

TEST_F(JobResourcesTest, JobHoldsTheMostThatItOrATaskNeeds) {
  EXPECT_EQ(held(R"({"tasks":[{"module":"small"},{"module":"large"},{"module":"ffmpeg"},{"module":"unknown"}],
                     "requires":{"resources":{"gpu":1.5,"disk":3}}})"),
            (Resources{{"disk", 3}, {"gpu", 2}, {"ram", 8}}));
  EXPECT_EQ(held(R"({"tasks":[{"module":"small"},{"module":"small"}]})"), (Resources{{"gpu", 1}}));
}

TEST_F(JobResourcesTest, JobOfBuiltInModulesHoldsWhatItsDocumentRequires) {
  EXPECT_THAT(held(R"({"tasks":[{"module":"ffmpeg"}]})"), IsEmpty());
  EXPECT_EQ(held(R"({"tasks":[{"module":"ffmpeg"}],"requires":{"resources":{"gpu":1}}})"),
            (Resources{{"gpu", 1}}));
  EXPECT_THAT(held(R"({"tasks":7,"requires":[]})"), IsEmpty());
}

TEST_F(JobResourcesTest, ModulesAreOfferedWhileThereIsEnoughForThem) {
  const Resources total{{"gpu", 2}, {"ram", 8}};
  EXPECT_THAT(offered({}, total), Contains("large"));
  EXPECT_THAT(offered({{{"gpu", 1}}}, total), Contains("small"));
  EXPECT_THAT(offered({{{"gpu", 1}}}, total), Not(Contains("large")));
  EXPECT_THAT(offered({{{"gpu", 1}}, {{"gpu", 1}}}, total), Not(Contains("small")));
  EXPECT_THAT(offered({{{"gpu", 1}}, {{"gpu", 1}}}, total), Contains("ffmpeg"));
}

TEST_F(JobResourcesTest, ModulesThatNeedWhatTheWorkerHasNotAreNeverOffered) {
  EXPECT_THAT(offered({}, {}), Not(Contains("small")));
  EXPECT_THAT(offered({}, {{"gpu", 2}}), Not(Contains("large")));
}

TEST_F(JobResourcesTest, OfferIsWhatIsFree) {
  const Offer offer = offer_beside({{{"gpu", 0.5}, {"other", 1}}}, {{"gpu", 2}}, registry);
  EXPECT_EQ(offer.resources, (Resources{{"gpu", 1.5}}));
}

TEST_F(JobResourcesTest, SomeModuleTakesResourcesOnlyWhereAManifestSaysSo) {
  EXPECT_TRUE(some_module_takes_resources(registry));
  EXPECT_FALSE(some_module_takes_resources(modules::Registry()));
}

TEST_F(JobResourcesTest, AreNamedWithTheirAmounts) {
  EXPECT_EQ(in_words({{"gpu", 1}, {"ram", 0.5}}), "gpu=1, ram=0.5");
  EXPECT_EQ(in_words({}), "none");
}

}  // namespace
}  // namespace sisyphus::actors
