#include "core/parse_json.hpp"
#include "modules/module.hpp"
#include "modules/registry.hpp"
#include "modules/schema.hpp"
#include "tests/modules/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace sisyphus::modules {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/golden folder";

std::string with_folder(std::string text) {
  static constexpr std::string_view kMark = "${DIR}";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    text.replace(at, kMark.size(), kFolder);
  }
  return text;
}

std::vector<std::string> strings(const json::value& list) {
  std::vector<std::string> texts;
  for (const json::value& one : list.as_array()) texts.emplace_back(one.as_string());
  return texts;
}

// Every golden file of a module that the registry knows: (file name, its object).
std::vector<std::pair<std::string, json::object>> golden_cases(const Registry& registry) {
  std::vector<std::pair<std::string, json::object>> cases;
  for (const auto& entry : fs::directory_iterator(testing::source_folder() / "tests/golden")) {
    if (entry.path().extension() != ".json") continue;
    auto parsed = parse_json(with_folder(testing::read_text(entry.path())));
    if (!parsed) {
      ADD_FAILURE() << entry.path() << ": " << parsed.error().detail;
      continue;
    }
    json::object object = parsed->as_object();
    if (registry.find(std::string_view(object.at("module").as_string())) != nullptr) {
      cases.emplace_back(entry.path().filename(), std::move(object));
    }
  }
  std::sort(cases.begin(), cases.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  return cases;
}

Facts facts_of(const json::object& golden) {
  Facts facts;
  facts.working_directory = kFolder;
  facts.attempt_folder = ".sisyphus-job-1";
  if (const json::value* sets = golden.if_contains("option_sets")) {
    for (const auto& [name, options] : sets->as_object()) facts.option_sets[name] = options.as_object();
  }
  return facts;
}

TEST(Golden, EveryVectorIsTheOriginals) {
  const Registry registry;
  std::size_t run = 0;
  for (const auto& [file, golden] : golden_cases(registry)) {
    SCOPED_TRACE(file);
    ++run;
    const Module& module = *registry.find(std::string_view(golden.at("module").as_string()));
    const json::object& data = golden.at("data").as_object();
    EXPECT_EQ(check_schema(module.schema(), data), std::vector<Problem>{});
    const Planned planned = module.plan(data, facts_of(golden));
    const json::value& expected = golden.at(golden.at("upstream_bug").as_bool() ? "right_argv" : "argv");
    if (expected.is_null()) {
      EXPECT_FALSE(planned.problems.empty());
      continue;
    }
    if (!planned.plan) {
      ADD_FAILURE() << "no plan: " << ::testing::PrintToString(planned.problems);
      continue;
    }
    EXPECT_EQ(planned.plan->argv, strings(expected));
  }
  EXPECT_GE(run, 10U);
}

}  // namespace
}  // namespace sisyphus::modules
